#include "engine/mail/hop_counter.h"

namespace sluice::mail {

void HopCounter::feed(ByteView octets) noexcept {
  while (const auto at = received_.next(octets)) {
    ++hops_;
    octets = octets.subspan(*at);
  }
}

}  // namespace sluice::mail
