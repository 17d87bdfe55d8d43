// Looks for the factors of many expressions at once: one table look-up for each octet. Immutable,
// shared by all cores.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "scanners/hyperscan/scan.h"
#include "scanners/spamassassin/factor.h"

namespace sluice::scan::sa {

struct NumberedFactor {
  std::uint32_t id = 0;  // told when it is found
  Factor factor;
};

class FactorAutomaton {
 public:
  // As many as it takes so that none has too many states. A factor too large for one alone is told
  // in `left`.
  static std::vector<FactorAutomaton> build(std::vector<NumberedFactor> factors,
                                            std::vector<std::uint32_t>& left);

  // All of them over one text. Several run at once, because each waits for its memory most of the
  // time.
  static void scan(std::span<const FactorAutomaton> automata, ByteView text,
                   hyperscan::MatchSet& found) noexcept;

  // Places where `id` is told, up to `most`.
  std::uint32_t count(ByteView text, std::uint32_t id, std::uint32_t most) const noexcept;
  std::span<const std::uint32_t> ids() const noexcept { return ids_; }

  std::string serialize() const;
  static std::optional<FactorAutomaton> deserialize(ByteView& octets);  // takes its part off

  void rename(std::span<const std::uint32_t> ids) noexcept {  // what was `i` is now ids[i]
    for (std::uint32_t& id : ids_) id = ids[id];
  }
  std::size_t states() const noexcept { return table_.size() / width_; }
  std::size_t memory_bytes() const noexcept { return table_.size() * sizeof(State); }

 private:
  friend class AutomatonBuilder;
  using State = std::uint32_t;  // the place of its row in the table
  template <std::size_t Count>
  static void scan_some(const FactorAutomaton* automata, ByteView text,
                        hyperscan::MatchSet& found) noexcept;
  void tell(State state, hyperscan::MatchSet& found) const noexcept;

  std::array<std::uint8_t, 256> classes_{};  // of octets that no factor tells apart
  std::size_t width_ = 1;                    // classes
  std::vector<State> table_;
  State first_telling_ = 0;            // states from here on tell ids
  std::vector<std::uint32_t> ids_;     // of all telling states, one behind the other
  std::vector<std::uint32_t> begins_;  // in ids_, by telling state, and the end
};

}  // namespace sluice::scan::sa
