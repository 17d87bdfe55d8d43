// The generator's findings for people and for programs.
#pragma once

#include <string>

#include "tools/loadgen/generator.h"
#include "tools/loadgen/options.h"
#include "tools/loadgen/tally.h"

namespace sluice::load {

struct Findings {
  Duration elapsed{};  // start to last reply
  Duration busy{};     // of the generator itself
  Duration cpu{};      // CPU time of its thread
  bool complete = false;
};

std::string text_report(const Tally& tally, const Findings& findings);
std::string json_report(const Tally& tally, const Findings& findings, const Options& options);

// A progress bar on a terminal; silent elsewhere.
class ProgressBar {
 public:
  explicit ProgressBar(bool wanted);
  void show(const Progress& progress);
  void finish();

 private:
  bool enabled_;
  std::uint64_t last_done_ = 0;
  Duration last_elapsed_{};
  double rate_ = 0;
};

}  // namespace sluice::load
