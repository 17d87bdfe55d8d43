// What SpamAssassin's rules cost over real messages: with and without the reading of MIME, beside
// Hyperscan alone over the same texts with the same databases, and from the last octet to the
// verdict. Prints JSON; bench/scan/run makes a table of it.
#include <hs.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <new>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "bench/scan/tape.h"
#include "bench/scan/whole_rules.h"
#include "scanners/spamassassin/whole_message.h"

namespace {

std::uint64_t allocations = 0;

struct BareScan {  // one call of hs_scan
  const hs_database_t* database;
  hs_scratch_t* scratch;
  std::size_t begin;
  unsigned size;
};
struct Recording {
  bool on = false;
  std::vector<BareScan> calls;
  std::string texts;
};
Recording recording;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

// The linker leads the calls of the scanner here (--wrap).
extern "C" hs_error_t __real_hs_scan(const hs_database_t* database, const char* data,
                                     unsigned length, unsigned flags, hs_scratch_t* scratch,
                                     match_event_handler on_event, void* context);
extern "C" hs_error_t __wrap_hs_scan(const hs_database_t* database, const char* data,
                                     unsigned length, unsigned flags, hs_scratch_t* scratch,
                                     match_event_handler on_event, void* context) {
  if (recording.on) {
    recording.calls.push_back({database, scratch, recording.texts.size(), length});
    recording.texts.append(data, length);
  }
  return __real_hs_scan(database, data, length, flags, scratch, on_event, context);
}

namespace sluice::bench {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kTextsKnown = 65'536;  // all of a run
constexpr std::size_t kLineOctets = 66;
using nlohmann::json;

double cpu_us() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

double median_of_rounds(int rounds, const std::function<void()>& work) {
  std::vector<double> taken;
  for (int round = 0; round < rounds; ++round) {
    const double from = cpu_us();
    work();
    taken.push_back(cpu_us() - from);
  }
  return median(std::move(taken));
}

class Bench {
 public:
  Bench(std::shared_ptr<const sa::Program> program, std::vector<std::string> messages, int rounds)
      : program_(std::move(program)), messages_(std::move(messages)), rounds_(rounds) {}

  // Whole scans and nothing else: for a profiler.
  json run_whole() {
    const double whole = median_of_rounds(rounds_, [this] { scan_whole(); });
    return {{"messages", messages_.size()},
            {"whole_us", whole / static_cast<double>(messages_.size())}};
  }
  json run(bool whole_rules) {
    make_tapes();
    const auto count = static_cast<double>(messages_.size());
    const double whole = median_of_rounds(rounds_, [this] { scan_whole(); });
    replay_tapes();
    allocations = 0;
    replay_tapes();
    const double allocated = static_cast<double>(allocations);
    const double rules = median_of_rounds(rounds_, [this] { replay_tapes(); });
    recording.on = true;
    replay_tapes();
    recording.on = false;
    const double bare = median_of_rounds(rounds_, [] { scan_bare(); });
    std::size_t octets = 0;
    for (const std::string& message : messages_) octets += message.size();
    json result{{"messages", messages_.size()},
                {"octets_per_message", static_cast<double>(octets) / count},
                {"whole_us", whole / count},
                {"rules_us", rules / count},
                {"hyperscan_us", bare / count},
                {"hyperscan_calls", static_cast<double>(recording.calls.size()) / count},
                {"hyperscan_octets", static_cast<double>(recording.texts.size()) / count},
                {"rules_to_hyperscan", rules / bare},
                {"allocations_per_message", allocated / count}};
    result["last_octets_us"] = last_octets();
    if (whole_rules) result["whole_rules"] = given_whole();
    result["known_texts"] = known_texts();
    return result;
  }

 private:
  void make_tapes() {
    mime::MessageReader reader({}, sa::RuleScan::wanted());
    for (const std::string& message : messages_) {
      Tape& tape = tapes_.emplace_back();
      reader.begin();
      reader.feed(as_bytes(message), tools_.workspace, tape);
      reader.finish(tools_.workspace, tape);
    }
  }
  void scan_whole() {
    for (const std::string& message : messages_) {
      begin();
      reader_.feed(as_bytes(message), tools_.workspace, scan_);
      reader_.finish(tools_.workspace, scan_);
    }
  }
  std::vector<float> counts_of(const std::string& message) {
    begin();
    reader_.feed(as_bytes(message), tools_.workspace, scan_);
    reader_.finish(tools_.workspace, scan_);
    std::vector<float> counts;
    for (std::uint32_t rule = 0; rule < program_->book().rules.size(); ++rule)
      counts.push_back(scan_.count(rule));
    return counts;
  }
  void begin() {
    scan_.begin();
    reader_.begin();
  }
  void replay_tapes() {
    for (const Tape& tape : tapes_) {
      scan_.begin();
      tape.replay(scan_);
    }
  }
  static void scan_bare() {
    for (const BareScan& call : recording.calls)
      __real_hs_scan(
          call.database, recording.texts.data() + call.begin, call.size, 0, call.scratch,
          [](unsigned, unsigned long long, unsigned long long, unsigned, void*) { return 0; },
          nullptr);
  }

  // What Hyperscan alone takes when it is given the rules whole.
  json given_whole() const {
    WholeRules all(program_->book());
    const auto scan = [&] {
      for (const Tape& tape : tapes_)
        for (const RuleText& text : tape.texts()) all.scan(text);
    };
    scan();
    return {{"rules", all.rules()},
            {"taken", all.taken()},
            {"hyperscan_us", median_of_rounds(rounds_, scan) / static_cast<double>(tapes_.size())}};
  }
  // With known_texts.h: of messages that are all new, and of copies of what came before.
  json known_texts() {
    const auto count = static_cast<double>(messages_.size());
    std::vector<double> none, unknown, known;
    std::size_t differ = 0;
    for (int round = 0; round < rounds_; ++round) {
      tools_.known = sa::KnownTexts();
      none.push_back(median_of_rounds(1, [this] { scan_whole(); }) / count);
      tools_.known = sa::KnownTexts(kTextsKnown);
      unknown.push_back(median_of_rounds(1, [this] { scan_whole(); }) / count);
      scan_whole();  // learns them
      known.push_back(median_of_rounds(1, [this] { scan_whole(); }) / count);
    }
    for (const std::string& message : messages_) {
      const std::vector<float> with = counts_of(message);
      auto known_before = std::exchange(tools_.known, sa::KnownTexts());
      differ += with != counts_of(message);
      tools_.known = std::move(known_before);
    }
    tools_.known = sa::KnownTexts();
    return {{"differ", differ},
            {"without_us", median(std::move(none))},
            {"all_new_us", median(std::move(unknown))},
            {"copies_us", median(std::move(known))}};
  }

  // A body of 64 KiB as people write: paragraphs of lines, an empty one behind each.
  std::string written_text() const {
    std::string text;
    for (const Tape& tape : tapes_)
      for (const RuleText& paragraph : tape.texts()) {
        if (paragraph.kind != sa::Kind::body) continue;
        std::size_t column = 0;
        for (const char octet : paragraph.text) {
          const bool fold = octet == ' ' && column >= kLineOctets;
          text += fold ? '\n' : octet;
          column = fold || octet == '\n' ? 0 : column + 1;
        }
        text += "\n\n";
      }
    return text;
  }
  // Text messages of 64 KiB that overlap, fed as segments bring them: how long from the last one,
  // which comes with the final dot, to the verdict.
  json last_octets() {
    const std::string text = written_text();
    const std::string head = "From: a@example.com\r\nTo: b@example.com\r\nSubject: a text\r\n\r\n";
    constexpr std::size_t kSize = 64 * 1024;
    constexpr std::size_t kRun = 1'460;
    std::vector<double> taken;
    for (int round = 0; round < rounds_; ++round)
      for (std::size_t at = 0; at + kSize <= text.size(); at += kSize / 8) {
        const std::string message = head + text.substr(at, kSize - head.size());
        begin();
        std::size_t fed = 0;
        for (; fed + kRun < message.size(); fed += kRun)
          reader_.feed(as_bytes(message).subspan(fed, kRun), tools_.workspace, scan_);
        const auto from = std::chrono::steady_clock::now();
        reader_.feed(as_bytes(message).subspan(fed), tools_.workspace, scan_);
        reader_.finish(tools_.workspace, scan_);
        const auto now = std::chrono::steady_clock::now();
        taken.push_back(std::chrono::duration<double, std::micro>(now - from).count());
      }
    std::ranges::sort(taken);
    if (taken.empty()) return nullptr;
    return {{"messages", taken.size()},
            {"p50", taken[taken.size() / 2]},
            {"p99", taken[taken.size() * 99 / 100]}};
  }

  std::shared_ptr<const sa::Program> program_;
  std::vector<std::string> messages_;
  int rounds_;
  std::vector<Tape> tapes_;
  sa::ScanTools tools_{*program_};
  sa::RuleScan scan_{program_, tools_, mime::MessageLimits().walker.header_bytes_max};
  mime::MessageReader reader_{{}, sa::RuleScan::wanted()};
};

std::vector<std::string> read_files(const std::vector<std::string>& paths) {
  std::vector<std::string> texts;
  for (const std::string& path : paths) {
    std::ifstream in(path, std::ios::binary);
    texts.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return texts;
}

int run(int argc, char** argv) {
  CLI::App app{"What SpamAssassin's rules cost over real messages"};
  std::vector<std::string> rules{"/usr/share/spamassassin"};
  std::vector<std::string> messages;
  std::string cache;
  int rounds = 5;
  bool only_whole = false;
  bool whole_rules = false;
  app.add_option("--rules", rules, "rule files and folders")->allow_extra_args(false);
  app.add_option("--cache", cache, "folder of compiled rules");
  app.add_option("--rounds", rounds, "the median of as many is told");
  app.add_flag("--only-whole", only_whole, "whole scans alone, for a profiler");
  app.add_flag("--whole-rules", whole_rules, "and Hyperscan alone with the rules given whole");
  app.add_option("message", messages, "files")->required();
  CLI11_PARSE(app, argc, argv);
  config::Problems problems;
  const double from = cpu_us();
  auto program = sa::Program::compile(sa::read_rule_book(rules, problems),
                                      {.threads = 2, .cache = cache}, problems);
  const double compiled = cpu_us() - from;
  Bench bench(std::move(program), read_files(messages), rounds);
  json result = only_whole ? bench.run_whole() : bench.run(whole_rules);
  result["load_cpu_s"] = compiled / 1e6;
  std::printf("%s\n", result.dump(2).c_str());
  return 0;
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) { return sluice::bench::run(argc, argv); }
