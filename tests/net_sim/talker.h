// One side of a conversation between two hosts: what it says, how it listens, how it ends. What it
// says is a known pattern, so that its partner checks every octet.
#pragma once

#include <optional>
#include <string>

#include "engine/base/random.h"
#include "engine/net/transport.h"

namespace sluice::net::test {

struct Habit {
  std::uint32_t rounds = 1;                 // how often it says something
  std::uint32_t octets = 1;                 // each time
  bool takes_turns = false;                 // round n only when round n of the partner is here
  bool waits_for_end = false;               // says all of it after the partner has closed
  std::uint32_t read_max = UINT32_MAX;      // octets per read
  Duration read_pause{};                    // between two reads
  std::uint64_t aborts_after = UINT64_MAX;  // octets read and written
  bool leaves_early = false;                // closes and forgets without reading to the end
};

// What has gone one way.
struct Stream {
  std::uint64_t seed = 0;
  std::uint64_t written = 0;
  std::uint64_t read = 0;
};

class Talker {
 public:
  // `says` and `hears` outlive it; `expected` is what the partner says per round.
  Talker(const Habit& habit, bool speaks_first, std::uint32_t expected, Stream& says, Stream& hears)
      : habit_(habit),
        speaks_first_(speaks_first),
        expected_(expected),
        says_(says),
        hears_(hears) {}

  void start(Transport& stack, Connection& connection, Instant now);
  // Returns when it wants its next turn.
  Instant work(Instant now, Random& random);
  void give_up(Instant now);  // the partner is gone without a word

  bool started() const { return started_; }
  bool over() const { return started_ && connection_ == nullptr; }
  bool opened() const { return opened_; }
  bool ended_badly() const { return failure_.has_value(); }
  bool breaks_off() const { return habit_.leaves_early || habit_.aborts_after != UINT64_MAX; }
  Instant progress() const { return progress_; }  // when something last went in or out
  Instant ended() const { return ended_; }        // of use once it is over
  const Connection* connection() const { return connection_; }
  std::string describe() const;                 // where it stands
  std::string fault() const { return fault_; }  // of the stack; empty when there is none
  std::optional<NetError> failure() const { return failure_; }
  std::uint64_t total() const { return std::uint64_t{habit_.rounds} * habit_.octets; }

 private:
  void read(Instant now, Random& random);
  void write(Instant now, Random& random);
  std::uint64_t may_have_written() const;
  void finish(Instant now);

  Habit habit_;
  bool speaks_first_;
  std::uint32_t expected_;
  Stream& says_;
  Stream& hears_;
  Transport* stack_ = nullptr;
  Connection* connection_ = nullptr;
  bool started_ = false;
  bool opened_ = false;
  bool closed_ = false;
  Instant progress_{};
  Instant reads_at_{};
  Instant ended_{};
  std::optional<NetError> failure_;
  std::string fault_;
};

}  // namespace sluice::net::test
