// How the next hops of a domain are looked up, and what is done when there are none.
#include <algorithm>

#include "engine/delivery/dispatcher.h"

namespace sluice::delivery {
namespace {

constexpr Duration kHostsKeptAtLeast = seconds(5);  // however short the TTL
constexpr Duration kHostsKeptAtMost = hours(1);

}  // namespace

// True when the next hops are known; else they have been asked for, or there are none.
bool Dispatcher::find_hosts(Destination& destination) {
  if (now_ < destination.hosts_until()) return true;
  return !destination.inquiry.waits() && look_up(destination);
}

bool Dispatcher::look_up(Destination& destination) {
  if (destination.inquiry_id == 0) destination.inquiry_id = ++inquiries_;
  const auto logic = [&](dns::AnswerTable& answers) {
    return find_mail_hosts(destination.name(), host_rules_, answers);
  };
  host_rules_.port = destination.mx_port();
  const dns::Token token{kDnsAsker, destination.inquiry_id};
  const auto found = destination.inquiry.run(logic, *house_.resolver, token, now_);
  if (!found) {
    inquiring_[destination.inquiry_id] = &destination;
    return false;
  }
  destination.inquiry.clear();
  if (found->hosts.empty()) {
    destination.last_status = found->status;
    destination.last_trouble = found->detail;
    defer_waiting(destination);
    return false;
  }
  for (const MailHost& host : found->hosts) {
    if (host.dane.state == DanePolicy::State::none) continue;
    house_.events->emit({.kind = mail::EventKind::delivery_dane,
                         .text = {destination.name(), host.name, describe(host.dane.state)}});
  }
  const Instant until =
      std::clamp(found->expires, now_ + kHostsKeptAtLeast, now_ + kHostsKeptAtMost);
  destination.set_hosts(*found, until, random_);
  return true;
}

void Dispatcher::on_answer(const dns::Resolver::Done& done, Instant now, WallTime wall) noexcept {
  enter(now, wall);
  const auto found = inquiring_.find(done.token.id);
  if (found == inquiring_.end()) return;  // retired meanwhile
  Destination& destination = *found->second;
  if (!destination.inquiry.answered(done)) return;
  inquiring_.erase(found);
  attend(destination);
}

}  // namespace sluice::delivery
