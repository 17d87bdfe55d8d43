// The resolver of one core: asks the configured recursive servers over UDP, over TCP when a reply
// is truncated, and remembers what they say. Nothing blocks and nothing calls back: ask(), then
// next_done(). It recurses nowhere and validates nothing itself; an answer is secure when a trusted
// server says so (AD), and a server is trusted when it is declared so and has shown at the start
// that it validates.
//
// c-ares' own channel is not used: it reads the clock itself, keeps one source port for all
// questions and has no cache; its wire format is (wire.h).
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/base/slab.h"
#include "engine/dns/cache.h"
#include "engine/dns/flight.h"
#include "engine/net/datagram.h"
#include "engine/net/transport.h"

namespace sluice::dns {

// Connections of the resolver carry both bits in Connection::owner; nobody else's do.
inline constexpr std::uint64_t kDnsOwner = 3ULL << 62;

struct Options {
  std::vector<Endpoint> servers;  // tried in this order
  bool trust_ad = false;          // declared; the probe decides
  std::string probe;              // a signed name: its SOA has to come with AD
  Duration timeout = seconds(3);  // of one try
  std::uint32_t attempts = 2;     // of each server
  std::uint32_t cache_entries = 10'000;
  std::uint32_t queries_max = 48;  // on their way at once; the rest waits
  Duration ttl_max = hours(24);
  Duration negative_ttl_max = hours(3);  // RFC 2308 5
  Duration failure_ttl = seconds(5);     // RFC 9520 3.2: at least a second, at most five minutes
};

enum class Trust : std::uint8_t {
  none,     // not declared: no answer is secure
  probing,  // no question leaves before this has an end
  validates,
  does_not,     // the probe came back without AD
  unreachable,  // no answer; probed again
};
std::string_view describe(Trust trust) noexcept;

struct Counters {
  std::uint64_t asked = 0, from_cache = 0, sent = 0, over_tcp = 0, timeouts = 0, failures = 0,
                ignored = 0;  // replies that were none
};

class Resolver {
 public:
  static constexpr std::size_t kWaitingMax = 4'096;     // questions for which no query is free
  static constexpr Duration kProbeAgain = seconds(60);  // after "does not validate"
  static constexpr Duration kProbeSoon = seconds(5);    // after no answer

  // The transports outlive it, `seed` is secret. Both may be null where there are no servers.
  Resolver(const Options& options, net::Transport* transport, net::DatagramTransport* datagrams,
           std::uint64_t seed);
  ~Resolver();

  // The answer, when it is known; else nullptr, and it comes out of next_done() with the token.
  // Equal questions that are on their way share one query; who asks twice is answered twice.
  AnswerRef ask(const Question& question, Token token, Instant now);

  struct Done {
    Token token;
    Question question;
    AnswerRef answer;
  };
  bool next_done(Done& done);

  // Takes in replies, acts on what is overdue. Returns the amount of work done.
  std::size_t poll(Instant now);
  // A ready connection whose owner has kDnsOwner set.
  void on_ready(net::Connection& connection, Instant now);
  Instant next_deadline() const noexcept;

  // Nothing but silence since a while: who can do without an answer should not wait for one.
  bool silent() const noexcept { return silences_ > options_.servers.size(); }
  Trust trust() const noexcept { return trust_; }
  const Counters& counters() const noexcept { return counters_; }
  std::size_t in_flight() const noexcept { return flights_.in_use(); }
  std::size_t cached() const noexcept { return cache_.size(); }

 private:
  void begin_probe(Instant now);
  void start(Flight& flight, Instant now);
  void send(Flight& flight, Instant now);
  bool send_datagram(Flight& flight);
  void send_over_tcp(Flight& flight, Instant now);
  void pump(Flight& flight, Instant now);
  void take_datagrams(Instant now);
  bool take_reply(Flight& flight, ByteView message, Instant now);
  void try_again(Flight& flight, std::string_view trouble, bool ask_others_only, Instant now);
  void finish(Flight& flight, Answer answer, Duration ttl, Instant now);
  void probe_done(const Answer& answer, bool authentic, Instant now);
  void hang_up(Flight& flight) noexcept;
  void expire(Instant now);
  void start_waiting(Instant now);
  const Endpoint& server(const Flight& flight) const noexcept;

  Options options_;
  net::Transport* transport_;
  net::DatagramTransport* datagrams_;
  Random random_;
  Cache cache_;
  Counters counters_;
  Trust trust_;
  Instant probe_at_{};            // of the next probe; never() while none is due
  std::size_t first_server_ = 0;  // the one that answered last
  std::size_t silences_ = 0;      // tries in a row that no server answered
  Slab<Flight> flights_;
  std::map<Question, Flight*> by_question_;
  IntrusiveList<Flight, &Flight::link> flying_;
  std::deque<Done> waiting_;  // without an answer yet, and without a flight
  std::deque<Done> done_;
};

}  // namespace sluice::dns
