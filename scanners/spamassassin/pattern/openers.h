// Where matches of an expression may begin, by the three octets that stand there: an expression of
// a hundred words tries them all at each place, which takes longer than to look here first.
// Immutable, shared by all cores.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/pattern/regex_tree.h"

namespace sluice::scan::sa {

class Openers {
 public:
  // What the expression asks for before its first octet.
  enum class Begins : std::uint8_t { anywhere, text, line };

  // Nothing when matches may be empty, or all begin with the same octet.
  static std::optional<Openers> of(const RegexNode& tree, Begins begins);

  // The first place from `from` to `last` at which a match may begin, or `last` + 1.
  std::size_t next(ByteView text, std::size_t from, std::size_t last) const noexcept;

  static constexpr unsigned kSymbols = 32;  // octets that are alike share one

 private:
  using Bits = std::array<std::uint32_t, kSymbols * kSymbols>;  // of two symbols: which third

  explicit Openers(Begins begins) : begins_(begins), bits_(std::make_unique<Bits>()) {}
  bool opens(ByteView text, std::size_t at) const noexcept;
  bool may_begin(ByteView text, std::size_t at) const noexcept;
  std::size_t next_anywhere(ByteView text, std::size_t at, std::size_t last) const noexcept;

  Begins begins_;
  std::unique_ptr<Bits> bits_;
  OctetSet lead_;  // "^\\s*": octets that may stand before those of the bits
};

}  // namespace sluice::scan::sa
