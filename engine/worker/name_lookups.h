// The names of peers, looked up while their banner waits. Each look-up has a deadline; a resolver
// that has gone silent holds up nobody.
#pragma once

#include <deque>
#include <optional>

#include "engine/base/slab.h"
#include "engine/base/timer_wheel.h"
#include "engine/dns/inquiry.h"
#include "engine/dns/reverse.h"

namespace sluice::worker {

class NameLookups {
 public:
  static constexpr std::uint32_t kAsker = 1;  // in dns::Token

  NameLookups(std::size_t lookups_max, dns::Resolver& resolver, TimerWheel& timers);

  // The name, when nothing has to be waited for; else next_finished() returns the session with it
  // within `timeout`.
  std::optional<dns::ReverseName> begin(const IpAddress& address, Handle session, Duration timeout,
                                        Instant now);
  // The resolver's answer to a token of ours.
  void answered(const dns::Resolver::Done& done, Instant now);

  struct Finished {
    Handle session;
    dns::ReverseName name;
  };
  bool next_finished(Finished& finished);

 private:
  struct Lookup {
    Handle session;
    IpAddress address;
    dns::Inquiry inquiry;
    NameLookups* owner = nullptr;
    Timer deadline;
  };

  bool run(Lookup& lookup, dns::ReverseName& name, Instant now);
  void finish(Lookup& lookup, dns::ReverseName name);

  dns::Resolver& resolver_;
  TimerWheel& timers_;
  Slab<Lookup> lookups_;
  std::deque<Finished> finished_;  // no more than look-ups
};

}  // namespace sluice::worker
