#include "engine/worker/name_lookups.h"

#include <utility>

namespace sluice::worker {

NameLookups::NameLookups(std::size_t lookups_max, dns::Resolver& resolver, TimerWheel& timers)
    : resolver_(resolver), timers_(timers), lookups_(lookups_max) {}

std::optional<dns::ReverseName> NameLookups::begin(const IpAddress& address, Handle session,
                                                   Duration timeout, Instant now) {
  dns::ReverseName name;
  if (timeout.ns == 0) return name;
  // One question goes on asking whether a silent resolver is back; others do without a name.
  if (resolver_.silent() && resolver_.in_flight() > 0) return name;
  Lookup* lookup = lookups_.acquire();
  if (lookup == nullptr) return name;
  lookup->session = session;
  lookup->address = address;
  lookup->owner = this;
  if (run(*lookup, name, now) || resolver_.silent()) {
    lookup->inquiry.clear();
    lookups_.release(*lookup);
    return name;
  }
  lookup->deadline.owner = lookup;
  lookup->deadline.callback = [](Timer& timer, Instant) {
    auto& late = *static_cast<Lookup*>(timer.owner);
    late.owner->finish(late, {});
  };
  timers_.set(lookup->deadline, now + timeout);
  return {};
}

// True when there is a name, or none to be had.
bool NameLookups::run(Lookup& lookup, dns::ReverseName& name, Instant now) {
  const auto logic = [&](dns::AnswerTable& answers) {
    return dns::find_reverse_name(lookup.address, answers);
  };
  auto found =
      lookup.inquiry.run(logic, resolver_, {kAsker, lookups_.handle(lookup).packed()}, now);
  if (found) name = std::move(*found);
  return found.has_value();
}

void NameLookups::answered(const dns::Resolver::Done& done, Instant now) {
  Lookup* lookup = lookups_.find(Handle::unpack(done.token.id));
  if (lookup == nullptr || !lookup->inquiry.answered(done)) return;  // too late, or not the last
  dns::ReverseName name;
  if (run(*lookup, name, now)) finish(*lookup, std::move(name));
}

void NameLookups::finish(Lookup& lookup, dns::ReverseName name) {
  lookup.deadline.cancel();
  finished_.push_back({lookup.session, std::move(name)});
  lookup.inquiry.clear();
  lookups_.release(lookup);
}

bool NameLookups::next_finished(Finished& finished) {
  if (finished_.empty()) return false;
  finished = std::move(finished_.front());
  finished_.pop_front();
  return true;
}

}  // namespace sluice::worker
