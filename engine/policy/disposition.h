// What becomes of a message by its SCL. The thresholds are those of Exchange's content filter:
// delete >= reject >= quarantine > tag, each compared with "at or above", 10 = never.
#pragma once

#include <cstdint>

#include "engine/config/config.h"

namespace sluice::policy {

enum class Disposition : std::uint8_t {  // the graver, the higher
  deliver,
  tag,         // delivered with "X-Spam-Flag: YES"
  quarantine,  // accepted; waits in the queue for the operator
  reject,      // 550
  discard,     // accepted and thrown away
};

class SclThresholds {
 public:
  SclThresholds() = default;
  explicit SclThresholds(const config::Scan& scan) noexcept
      : discard_(scan.discard),
        reject_(scan.reject),
        quarantine_(scan.quarantine),
        tag_(scan.tag),
        over_limit_(scan.over_limit) {}

  Disposition disposition(std::int8_t scl) const noexcept;
  config::OverLimit over_limit() const noexcept { return over_limit_; }

 private:
  std::int32_t discard_ = 10, reject_ = 10, quarantine_ = 10, tag_ = 10;
  config::OverLimit over_limit_ = config::OverLimit::mark;
};

}  // namespace sluice::policy
