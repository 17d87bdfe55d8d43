// One script, or all of a folder with the list of those that do not apply.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::script {

enum class Verdict : std::uint8_t { passed, failed, unsupported };
const char* name(Verdict verdict);

struct Outcome {
  Verdict verdict = Verdict::passed;
  std::string message;
  std::vector<std::string> trace;
};

Outcome play(const std::string& path);

// `list` is a file, or empty; a line of it is "PATTERN  reason": a path below `folder`, with '*'
// for any characters. Prints what is wrong and the counts per folder; true when every script passes
// or is rightly listed, and there are any.
bool play_suite(const std::string& folder, const std::string& list);

}  // namespace sluice::script
