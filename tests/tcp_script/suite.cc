#include "tests/tcp_script/suite.h"

#include <fnmatch.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/tcp_script/parser.h"
#include "tests/tcp_script/runner.h"

namespace sluice::script {
namespace {

struct Exception {
  std::string pattern;
  bool used = false;
};

struct Counts {
  int passed = 0;
  int failed = 0;
  int not_applicable = 0;
};

std::vector<Exception> read_list(const std::string& path) {
  std::vector<Exception> exceptions;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    exceptions.push_back({line.substr(0, line.find(' '))});
  }
  return exceptions;
}

std::vector<std::string> scripts_below(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code missing;  // then there is none
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, missing))
    if (entry.path().extension() == ".pkt")
      paths.push_back(std::filesystem::relative(entry.path(), folder).string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

Exception* find_exception(std::vector<Exception>& exceptions, const std::string& path) {
  for (Exception& exception : exceptions)
    if (fnmatch(exception.pattern.c_str(), path.c_str(), 0) == 0) return &exception;
  return nullptr;
}

}  // namespace

const char* name(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return "passed";
    case Verdict::failed: return "FAILED";
    case Verdict::unsupported: return "NOT SUPPORTED";
  }
  return "";
}

Outcome play(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return {Verdict::unsupported, path + ": cannot be read", {}};
  try {
    const Script script = parse(path, text.str());
    Runner runner(script);
    try {
      runner.run();
      return {Verdict::passed, "", runner.trace()};
    } catch (const Failure& failure) {
      return {Verdict::failed, failure.what(), runner.trace()};
    } catch (const Unsupported& reason) {
      return {Verdict::unsupported, reason.what(), runner.trace()};
    }
  } catch (const SyntaxError& error) {
    return {
        Verdict::unsupported, path + ":" + std::to_string(error.line) + ": " + error.what(), {}};
  } catch (const std::exception& error) {
    return {Verdict::unsupported, path + ": " + error.what(), {}};
  }
}

bool play_suite(const std::string& folder, const std::string& list) {
  std::vector<Exception> exceptions = read_list(list);
  std::map<std::string, Counts> counts;
  bool good = true;
  for (const std::string& path : scripts_below(folder)) {
    const Outcome outcome = play(folder + "/" + path);
    const bool passed = outcome.verdict == Verdict::passed;
    Exception* exception = find_exception(exceptions, path);
    const std::size_t slash = path.rfind('/');
    Counts& count = counts[slash == std::string::npos ? "." : path.substr(0, slash)];
    if (exception != nullptr) {
      exception->used = true;
      ++count.not_applicable;
      if (passed) std::printf("stale  %s passes, but %s names it\n", path.c_str(), list.c_str());
      good = good && !passed;
      continue;
    }
    ++(passed ? count.passed : count.failed);
    good = good && passed;
    if (!passed) std::printf("%s  %s\n", name(outcome.verdict), outcome.message.c_str());
  }
  for (const Exception& exception : exceptions) {
    if (exception.used) continue;
    std::printf("stale  %s names no script: %s\n", list.c_str(), exception.pattern.c_str());
    good = false;
  }
  Counts all;
  for (const auto& [where, count] : counts) {
    std::printf("%4d passed %4d failed %4d not applicable  %s\n", count.passed, count.failed,
                count.not_applicable, where.c_str());
    all.passed += count.passed;
    all.failed += count.failed;
    all.not_applicable += count.not_applicable;
  }
  std::printf("%4d passed %4d failed %4d not applicable  in all\n", all.passed, all.failed,
              all.not_applicable);
  return good && all.passed > 0;
}

}  // namespace sluice::script
