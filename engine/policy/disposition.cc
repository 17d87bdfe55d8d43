#include "engine/policy/disposition.h"

namespace sluice::policy {

Disposition SclThresholds::disposition(std::int8_t scl) const noexcept {
  if (scl < 0) return Disposition::deliver;  // filtering was bypassed
  if (scl >= discard_) return Disposition::discard;
  if (scl >= reject_) return Disposition::reject;
  if (scl >= quarantine_) return Disposition::quarantine;
  return scl >= tag_ ? Disposition::tag : Disposition::deliver;
}

}  // namespace sluice::policy
