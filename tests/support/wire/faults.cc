#include "tests/support/wire/faults.h"

#include <algorithm>

#include "engine/net/wire/arp.h"
#include "engine/net/wire/ethernet.h"

namespace sluice::net::test {

void Loss::take(Frame frame) {
  if (share > 0 && random_.chance(share)) return;
  pass(std::move(frame));
}

void BurstLoss::take(Frame frame) {
  if (options.begins == 0) bad_ = false;
  if (options.begins > 0) bad_ = random_.chance(bad_ ? 1 - options.ends : options.begins);
  if (bad_ && random_.chance(options.loss)) return;
  pass(std::move(frame));
}

void Duplicate::take(Frame frame) {
  if (share > 0 && random_.chance(share)) pass(frame);
  pass(std::move(frame));
}

void Corrupt::take(Frame frame) {
  const bool is_ip =
      frame.size() > kEthernetHeaderLength && parse_ethernet(frame)->type != kEtherTypeArp;
  if (share > 0 && is_ip && random_.chance(share)) {
    const std::size_t at =
        kEthernetHeaderLength + random_.below(frame.size() - kEthernetHeaderLength);
    frame[at] ^= static_cast<std::uint8_t>(1u << random_.below(8));
  }
  pass(std::move(frame));
}

void Delay::take(Frame frame) {
  Duration extra{};
  if (reorder > 0 && jitter.ns > 0 && random_.chance(reorder))
    extra.ns = static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(jitter.ns)));
  if (next_ != nullptr) timeline_.at(timeline_.now() + delay + extra, *next_, std::move(frame));
}

void Bottleneck::take(Frame frame) {
  if (bits_per_second == 0) return pass(std::move(frame));
  if (queued_ + frame.size() > queue_octets) {
    ++dropped_;
    return;
  }
  queued_ += frame.size();
  const std::uint64_t ns = frame.size() * 8 * 1'000'000'000 / bits_per_second;
  busy_until_ = std::max(busy_until_, timeline_.now()) + nanoseconds(static_cast<std::int64_t>(ns));
  timeline_.at(busy_until_, sent_, std::move(frame));
}

void Bottleneck::Sent::take(Frame frame) {
  link.queued_ -= frame.size();
  link.carried_ += frame.size();
  link.pass(std::move(frame));
}

}  // namespace sluice::net::test
