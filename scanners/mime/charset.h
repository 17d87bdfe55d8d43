// Charsets of mail text and their conversion to UTF-8. Single-octet sets go through tables, the
// others through iconv descriptors that are opened ahead, one per charset and core: no state of a
// message is kept in them, so that messages can take turns.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"

namespace sluice::scan::mime {

// Index into the list of known charsets. kUtf8 also stands for US-ASCII.
using Charset = std::uint8_t;
inline constexpr Charset kUtf8 = 0;
inline constexpr Charset kWestern = 1;  // Windows-1252, ISO-8859-1

enum class CharsetKind : std::uint8_t {
  utf8,
  single,    // one octet, one character
  multiple,  // ASCII and longer sequences, no shift states
  shifted,   // shift states that end with the line (ISO-2022-*, UTF-7)
  wide,      // UTF-16
};

// "ISO_8859-1", "utf8", "x-sjis", …; nothing when it is not known, kUtf8 for the empty name.
std::optional<Charset> find_charset(std::string_view name) noexcept;
CharsetKind kind_of(Charset charset) noexcept;

// The converters of one core.
class CharsetTools {
 public:
  CharsetTools();
  ~CharsetTools();
  CharsetTools(const CharsetTools&) = delete;
  CharsetTools& operator=(const CharsetTools&) = delete;

  struct Progress {
    std::size_t read = 0;
    std::size_t written = 0;
    std::size_t invalid = 0;  // sequences replaced by U+FFFD
  };

  // Converts from the initial state as far as `out` (at least 16 octets) has room. Stops before a
  // sequence that `in` does not complete; with `final` that is replaced too.
  Progress convert(Charset charset, ByteView in, MutableBytes out, bool final) noexcept;

 private:
  struct Tables;
  Progress convert_single(Charset charset, ByteView in, MutableBytes out) noexcept;
  Progress convert_iconv(Charset charset, ByteView in, MutableBytes out, bool final) noexcept;

  std::unique_ptr<Tables> tables_;
};

}  // namespace sluice::scan::mime
