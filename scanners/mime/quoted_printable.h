// Incremental quoted-printable (RFC 2045 6.7). What is no valid escape stays as it is.
#pragma once

#include <cstdint>

#include "engine/base/bytes.h"
#include "scanners/mime/anomaly.h"

namespace sluice::scan::mime {

class QuotedPrintableDecoder {
 public:
  void begin() noexcept {
    state_ = State::literal;
    anomalies_ = {};
  }
  Anomalies anomalies() const noexcept { return anomalies_; }
  // Decodes from `in` (advanced by what was taken) as far as `out` has room; returns octets
  // written. `out` holds at least 4 octets.
  std::size_t decode(ByteView& in, MutableBytes out) noexcept;
  // The text ended: writes what an unfinished escape stands for, at most 2 octets.
  std::size_t finish(MutableBytes out) noexcept;

 private:
  enum class State : std::uint8_t { literal, equals, first_digit, soft_break };
  std::size_t step(std::uint8_t octet, std::uint8_t* to) noexcept;

  State state_ = State::literal;
  std::uint8_t digit_ = 0;
  Anomalies anomalies_;
};

}  // namespace sluice::scan::mime
