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
    lookup->answers = {};
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

// True when there is a name, or none to be had; else what is missing has been asked for.
bool NameLookups::run(Lookup& lookup, dns::ReverseName& name, Instant now) {
  for (;;) {
    if (auto found = dns::find_reverse_name(lookup.address, lookup.answers)) {
      name = std::move(*found);
      return true;
    }
    bool waits = false;
    for (const dns::Question& question : lookup.answers.take_wanted()) {
      const dns::Token token{kAsker, lookups_.handle(lookup).packed()};
      if (auto known = resolver_.ask(question, token, now))
        lookup.answers.put(question, std::move(known));
      else
        waits = true;
    }
    if (waits) return false;
  }
}

void NameLookups::answered(const dns::Resolver::Done& done, Instant now) {
  Lookup* lookup = lookups_.find(Handle::unpack(done.token.id));
  if (lookup == nullptr) return;  // came too late
  lookup->answers.put(done.question, done.answer);
  dns::ReverseName name;
  if (run(*lookup, name, now)) finish(*lookup, std::move(name));
}

void NameLookups::finish(Lookup& lookup, dns::ReverseName name) {
  lookup.deadline.cancel();
  finished_.push_back({lookup.session, std::move(name)});
  lookup.answers = {};
  lookups_.release(lookup);
}

bool NameLookups::next_finished(Finished& finished) {
  if (finished_.empty()) return false;
  finished = std::move(finished_.front());
  finished_.pop_front();
  return true;
}

}  // namespace sluice::worker
