// The whole content scan against what it cannot go below: Hyperscan over the same octets and
// databases. 1.25 or less is the aim for text mail (fields and decoding come on top of the floor).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>

#include "scanners/hyperscan/stream.h"
#include "scanners/rules/compiled_rules.h"
#include "scanners/rules/rule_file.h"
#include "scanners/scanner.h"

namespace {

using namespace sluice;

constexpr std::size_t kChunkBytes = 4'096;

std::string header() {
  std::string text;
  for (int hop = 0; hop < 4; ++hop)
    text +=
        "Received: from mail.example.net (mail.example.net [192.0.2.7])\r\n"
        "\tby mx.example.com (Sluice) with ESMTPS id 12345;\r\n"
        "\tThu, 19 Nov 2026 10:00:00 +0000\r\n";
  text +=
      "From: Ann Example <ann@example.net>\r\nTo: Bob Example <bob@example.com>\r\n"
      "Subject: The minutes of Thursday's meeting\r\nMessage-ID: <1234.5678@example.net>\r\n"
      "Date: Thu, 19 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n";
  return text;
}

std::string prose(std::size_t size) {
  constexpr const char* kLines[] = {
      "We agreed to move the release by one week, so that the tests can finish\r\n",
      "on the slower machines. Please tell the others who could not be there.\r\n",
      "The account for the new office is open; invoices go to the usual address.\r\n",
      "If you want to see the numbers, look at https://example.com/minutes/42\r\n\r\n"};
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += kLines[i % 4];
  return text;
}

std::string base64(const std::string& text) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i + 3 <= text.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | static_cast<std::uint8_t>(text[i + k]);
    for (int shift = 18; shift >= 0; shift -= 6) out += kAlphabet[group >> shift & 63];
    if (i / 3 % 19 == 18) out += "\r\n";
  }
  return out;
}

scan::ScanSettings settings() { return {.scl_score = {1, 2, 3, 4, 5, 6.5, 8, 10, 15}}; }

std::shared_ptr<const scan::CompiledRules> demo_rules() {
  std::vector<scan::Rule> rules;
  config::Problems problems;
  scan::read_rule_file(SLUICE_SOURCE_ROOT "/tools/demo.rules", rules, problems);
  return *scan::CompiledRules::compile(std::move(rules));
}

void scan_message(benchmark::State& state, const std::string& message) {
  scan::Scanner scanner(demo_rules(), settings(), 1);
  for (auto _ : state) {
    scan::MessageScan* scan = scanner.begin();
    for (std::size_t at = 0; at < message.size(); at += kChunkBytes)
      scanner.feed(*scan, as_bytes(std::string_view(message).substr(at, kChunkBytes)));
    scan::Verdict verdict = scanner.finish(*scan);
    if (verdict.scl != 0) state.SkipWithError("an ordinary message got an SCL");
    scanner.release(*scan);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * message.size()));
}

// The value of a field of header(), empty when it has none.
std::string value_of(const std::string& field) {
  std::string lower = "\r\n" + header();
  std::ranges::transform(lower, lower.begin(), ascii_lower);
  const std::size_t at = lower.find("\r\n" + field + ": ");
  if (at == lower.npos) return {};
  const std::size_t begin = at + field.size() + 4;
  return header().substr(begin - 2, lower.find("\r\n", begin) - begin) + "\n";
}

// Fields, text and the raw octets through the databases of their places, in chunks, nothing else.
void scan_floor(benchmark::State& state, const std::string& fields, const std::string& text,
                std::size_t message_bytes) {
  const auto rules = demo_rules();
  scan::hyperscan::Scratch scratch;
  scan::hyperscan::MatchSet matches(rules->size());
  struct Lane {
    scan::hyperscan::Stream stream;
    std::string octets;
  };
  std::vector<Lane> lanes;
  for (const auto& [place, database] : rules->places()) {
    scratch.grow_for(database);
    if (place.kind == scan::PlaceKind::body)
      lanes.push_back({scan::hyperscan::Stream(database), text});
    if (place.kind == scan::PlaceKind::header)
      lanes.push_back({scan::hyperscan::Stream(database), fields});
    if (place.kind == scan::PlaceKind::field)
      lanes.push_back({scan::hyperscan::Stream(database), value_of(place.field)});
    if (place.kind == scan::PlaceKind::raw)
      lanes.push_back({scan::hyperscan::Stream(database), std::string(message_bytes, 'a')});
  }
  for (auto _ : state)
    for (Lane& lane : lanes) {
      for (std::size_t at = 0; at < lane.octets.size(); at += kChunkBytes)
        lane.stream.scan(as_bytes(std::string_view(lane.octets).substr(at, kChunkBytes)), scratch,
                         matches);
      lane.stream.finish(scratch, matches);
    }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * message_bytes));
}

std::string plain_message(std::size_t size) {
  return header() + "\r\n" + prose(size - header().size());
}

std::string base64_message(std::size_t size) {
  return header() + "Content-Transfer-Encoding: base64\r\n\r\n" + base64(prose(size * 3 / 4));
}

void plain(benchmark::State& state) {
  scan_message(state, plain_message(static_cast<std::size_t>(state.range(0))));
}
void plain_floor(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  scan_floor(state, header(), prose(size - header().size()), size);
}
void encoded(benchmark::State& state) {
  scan_message(state, base64_message(static_cast<std::size_t>(state.range(0))));
}
void encoded_floor(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  scan_floor(state, header(), prose(size * 3 / 4), base64_message(size).size());
}

BENCHMARK(plain)->Arg(4 * 1024)->Arg(64 * 1024);
BENCHMARK(plain_floor)->Arg(4 * 1024)->Arg(64 * 1024);
BENCHMARK(encoded)->Arg(4 * 1024)->Arg(64 * 1024);
BENCHMARK(encoded_floor)->Arg(4 * 1024)->Arg(64 * 1024);

}  // namespace

BENCHMARK_MAIN();
