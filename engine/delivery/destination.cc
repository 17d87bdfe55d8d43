#include "engine/delivery/destination.h"

#include <algorithm>
#include <utility>

namespace sluice::delivery {

Destination::Destination(const config::Route& route, std::string name, PeerRule rule)
    : name_(name.empty() ? route.domain : std::move(name)),
      via_(route.via),
      rule_(std::move(rule)) {
  hops_.reserve(route.next_hops.size());
  for (const Endpoint& endpoint : route.next_hops) hops_.push_back({endpoint, 0, {}});
}

void Destination::enqueue(Job& job) noexcept {
  waiting_.push_back(job);
  ++waiting_count_;
}

void Destination::enqueue_first(Job& job) noexcept {
  waiting_.push_front(job);
  ++waiting_count_;
}

Job* Destination::next_job() noexcept {
  Job* job = waiting_.pop_front();
  if (job != nullptr) --waiting_count_;
  return job;
}

std::optional<std::size_t> Destination::pick_hop(Instant now) const noexcept {
  for (std::size_t i = 0; i < hops_.size(); ++i)
    if (hops_[i].down_until <= now) return i;
  return {};
}

void Destination::hop_failed(std::size_t index, Instant now, Duration first,
                             Duration max) noexcept {
  NextHop& hop = hops_[index];
  Duration back_off = std::min(first, max);
  for (std::uint32_t i = 0; i < hop.failures && back_off < max; ++i)
    back_off = std::min(back_off * 2, max);
  ++hop.failures;
  hop.down_until = now + back_off;
}

void Destination::hop_works(std::size_t index) noexcept {
  hops_[index].failures = 0;
  hops_[index].down_until = {};
}

DestinationStatus Destination::status() const {
  const bool down =
      std::all_of(hops_.begin(), hops_.end(), [](const NextHop& hop) { return hop.failures > 0; });
  return {name_,        active_recipients, connections, delivered_recipients,
          soft_bounced, hard_bounced,      down};
}

}  // namespace sluice::delivery
