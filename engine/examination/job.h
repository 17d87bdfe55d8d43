// A message on its way through the examination. The worker that received it fills the job and lends
// it to a thread; the message's blocks stay where they are, and the worker keeps its references
// until the job is back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/antivirus/virus_engine.h"
#include "engine/base/block.h"
#include "engine/base/clock.h"
#include "engine/base/lending.h"
#include "scanners/attachment/first_look.h"
#include "scanners/scanner.h"

namespace sluice::examination {

// A piece of the message.
struct Held {
  BlockSlice slice;
  Held* next = nullptr;
};

// What the thread found.
struct Result {
  scan::attachment::Report report;
  bool scanned = false;  // by an anti-virus engine; else nothing below is filled in
  antivirus::Outcome virus = antivirus::Outcome::failed;
  std::string text;    // the virus, or why there was no scan
  std::string engine;  // its version
};

inline constexpr const char* kNoRoom = "examination.blocks_max is used up";
inline constexpr const char* kStopping = "the engine stops";
inline constexpr const char* kWaitedTooLong = "it waited for longer than antivirus.timeout";

// Of a message that there was no job for, or no time.
inline Result not_examined(const config::Antivirus& antivirus, const char* why = kNoRoom) {
  Result result;
  result.report.findings.add(scan::attachment::Finding::limit);
  if (antivirus.engine == config::VirusEngine::none) return result;
  result.scanned = true;  // it should have been
  result.text = why;
  result.report.findings.add(scan::attachment::Finding::not_scanned);
  return result;
}

// The worker's, except between submit() and next_completed(); what it has of Lendable always.
struct Job : Lendable {
  Held* first = nullptr;
  Held* last = nullptr;
  std::uint64_t octets = 0;
  bool incomplete = false;  // not all of the message could be held
  Instant submitted{};      // antivirus.timeout counts from here
  std::shared_ptr<const scan::RuleSet> rules;
  Result result;
};

}  // namespace sluice::examination
