// tcp_script [--trace] FILE…: plays scripts, tells which fail and how. Exit status 1 when any does.
//
// tcp_script --suite FOLDER --except LIST: plays every script below FOLDER. LIST names those that
// do not apply, by pattern, with the reason; it must be right: one that is listed and passes is
// stale.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tests/tcp_script/suite.h"

namespace {

int play_files(int count, char** files, bool trace) {
  int failed = 0;
  for (int i = 0; i < count; ++i) {
    const sluice::script::Outcome outcome = sluice::script::play(files[i]);
    std::printf("%s %s\n", sluice::script::name(outcome.verdict), files[i]);
    if (outcome.verdict != sluice::script::Verdict::passed) {
      ++failed;
      std::printf("  %s\n", outcome.message.c_str());
    }
    if (!trace && outcome.verdict == sluice::script::Verdict::passed) continue;
    for (const std::string& line : outcome.trace) std::printf("    %s\n", line.c_str());
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const bool suite = argc > 2 && std::strcmp(argv[1], "--suite") == 0;
  const bool except = suite && argc == 5 && std::strcmp(argv[3], "--except") == 0;
  if (except || (suite && argc == 3))
    return sluice::script::play_suite(argv[2], except ? argv[4] : "") ? 0 : 1;
  const bool trace = argc > 1 && std::strcmp(argv[1], "--trace") == 0;
  const int first = trace ? 2 : 1;
  if (argc <= first) {
    std::fputs("usage: tcp_script [--trace] FILE... | --suite FOLDER [--except LIST]\n", stderr);
    return 2;
  }
  return play_files(argc - first, argv + first, trace);
}
