// The books of a run: what the senders sent and were told, and what the next hop took. The checks
// compare the two sides; each returns the first fault as text, or nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/random.h"

namespace sluice::sim {

struct Sent {
  std::string octets;
  std::vector<std::string> recipients;
  unsigned answered = 0;  // attempts that got 250 for the final dot
  unsigned unsure = 0;    // attempts that did not, but the engine may hold the message all the same
};

struct Taken {    // a message that the next hop answered with 250
  Instant begun;  // when its MAIL came
  std::string reverse_path;
  std::vector<std::string> recipients;
  std::string octets;
  bool reply_arrived = false;  // the engine went on in this connection after the 250
};

struct Ledger {
  std::vector<Sent> sent;  // the index is the message's token
  std::vector<Taken> taken;
  std::vector<Instant> crashes;
  std::vector<std::string> faults;  // seen by a peer while it ran
};

// Recipients that the next hop will always refuse: their messages bounce.
inline bool is_unknown(std::string_view recipient) { return recipient.starts_with("unknown"); }

Sent draw_message(std::size_t token, Random& random);

std::string check_nothing_lost(const Ledger& ledger);
std::string check_nothing_invented(const Ledger& ledger);
std::string check_duplicates(const Ledger& ledger);

}  // namespace sluice::sim
