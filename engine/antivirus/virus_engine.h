// An anti-virus engine behind a socket, as one thread uses it: it is handed octets and says what it
// found. Blocks, within the time it is given.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "engine/antivirus/connection.h"
#include "engine/base/bytes.h"
#include "engine/config/config.h"

namespace sluice::antivirus {

enum class Outcome : std::uint8_t {
  clean,
  infected,
  too_large,  // for the engine; asking again is of no use
  failed,     // not reached, too slow, or it says that it could not
};

struct Answer {
  Outcome outcome = Outcome::failed;
  std::string text;  // the name of what was found, or why not
};

using Octets = std::span<const ByteView>;  // of one message or file, in order

class VirusEngine {
 public:
  virtual ~VirusEngine() = default;
  virtual Answer scan(Octets octets, const Patience& patience) = 0;
  // What it calls itself and its database; empty: not known. Keys the cache.
  virtual std::string version(const Patience& patience) = 0;
};

// Null where the configuration has none.
std::unique_ptr<VirusEngine> make_virus_engine(const config::Antivirus& config);

}  // namespace sluice::antivirus
