// What the reading of text costs: each step alone over plain English in lines of 72, and the whole
// scan of a 4 KiB message with tools/demo.cf, fed as the engine feeds it. "an octet" is the
// time for each octet given to the step; "new" is operator new for each message, once warm.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <new>

#include "scanners/html/html_text.h"
#include "scanners/mime/body_text.h"
#include "scanners/mime/message_reader.h"
#include "scanners/scanner.h"
#include "scanners/uri/finder.h"
#include "tools/loadgen/synthetic.h"

namespace {

std::uint64_t allocations = 0;

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace sluice;
using namespace sluice::scan;

constexpr std::size_t kChunkBytes = 4'096;
constexpr std::size_t kTextBytes = 64 * 1'024;

std::string text() {
  const std::string message = load::make_synthetic(kTextBytes, 1).front().octets;
  return message.substr(message.find("\r\n\r\n") + 4);
}

// The same in paragraphs of HTML.
std::string html_text() {
  std::string html = "<html><body style=\"color:#333\"><p>";
  const std::string plain = text();
  for (std::size_t at = 0; at < plain.size(); at += 200)
    html += plain.substr(at, 200) + "</p>\r\n<p class=\"text\">";
  return html;
}

std::string quoted_text() {
  std::string quoted;
  std::size_t line = 0;
  for (const char c : text()) {
    quoted += c == ',' ? std::string("=E2=80=93") : std::string(1, c);
    if (++line % 70 == 0) quoted += "=\r\n";
  }
  return quoted;
}

class Nothing final : public mime::MessageSink {};
class NoUris final : public uri::FinderSink {
  void found(mime::Uri&) noexcept override {}
};
class NoHtml final : public html::HtmlSink {
  void rendered(ByteView utf8, bool) noexcept override { benchmark::DoNotOptimize(utf8.data()); }
  void link(const html::Link&) noexcept override {}
};

void set_ns_an_octet(benchmark::State& state, std::size_t octets) {
  state.counters["an octet"] = benchmark::Counter(
      static_cast<double>(octets),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

template <typename Step>
void by_chunks(benchmark::State& state, const std::string& text, Step&& step) {
  for (auto _ : state)
    for (std::size_t at = 0; at < text.size(); at += kChunkBytes)
      step(as_bytes(std::string_view(text).substr(at, kChunkBytes)));
  set_ns_an_octet(state, text.size());
}

void body_text(benchmark::State& state) {
  mime::BodyText body(mime::BodyView::all);
  Nothing nothing;
  body.begin();
  by_chunks(state, text(), [&](ByteView chunk) { body.feed(chunk, nothing); });
}

void rawbody_text(benchmark::State& state) {
  mime::RawbodyText raw;
  Nothing nothing;
  raw.begin();
  by_chunks(state, text(), [&](ByteView chunk) { raw.feed(chunk, nothing); });
}

void uri_finder(benchmark::State& state) {
  uri::Finder finder(1'000);
  NoUris none;
  finder.begin();
  finder.begin_part();
  by_chunks(state, text(), [&](ByteView chunk) { finder.feed(chunk, none); });
}

void html_text(benchmark::State& state) {
  html::HtmlText html;
  NoHtml none;
  html.begin();
  by_chunks(state, html_text(), [&](ByteView chunk) { html.feed(chunk, none); });
}

void quoted_printable(benchmark::State& state) {
  mime::QuotedPrintableDecoder decoder;
  std::vector<std::uint8_t> out(kChunkBytes);
  by_chunks(state, quoted_text(), [&](ByteView chunk) {
    while (!chunk.empty()) benchmark::DoNotOptimize(decoder.decode(chunk, out));
  });
}

template <typename Walk>
void each_message(benchmark::State& state, Walk&& walk) {
  const auto messages = load::make_synthetic(4'096, 1);
  for (const auto& message : messages) walk(message.octets);
  allocations = 0;
  std::size_t turn = 0;
  for (auto _ : state) walk(messages[turn++ % messages.size()].octets);
  state.counters["new"] =
      static_cast<double>(allocations) / static_cast<double>(state.iterations());
}

void read_message(benchmark::State& state) {
  mime::Wanted wanted;
  wanted.rawbody = wanted.body = wanted.uris = wanted.rendered = true;
  wanted.part_bytes = wanted.part_raw = wanted.text = true;
  mime::MessageReader reader({}, wanted);
  mime::Workspace workspace;
  Nothing nothing;
  each_message(state, [&](const std::string& message) {
    reader.begin();
    for (std::size_t at = 0; at < message.size(); at += 1'448)
      reader.feed(as_bytes(std::string_view(message).substr(at, 1'448)), workspace, nothing);
    reader.finish(workspace, nothing);
  });
}

void scan_message(benchmark::State& state) {
  const ScanSettings settings{.scl_score = {1, 2, 3, 4, 5, 6.5, 8, 10, 15}};
  const std::vector<std::string> files{SLUICE_SOURCE_ROOT "/tools/demo.cf"};
  Scanner scanner(*RuleSet::load(files, settings), settings, 1);
  each_message(state, [&](const std::string& message) {
    MessageScan* const scan = scanner.begin();
    for (std::size_t at = 0; at < message.size(); at += 1'448)
      scanner.feed(*scan, as_bytes(std::string_view(message).substr(at, 1'448)));
    benchmark::DoNotOptimize(scanner.finish(*scan));
    scanner.release(*scan);
  });
}

BENCHMARK(body_text);
BENCHMARK(rawbody_text);
BENCHMARK(uri_finder);
BENCHMARK(html_text);
BENCHMARK(quoted_printable);
BENCHMARK(read_message);
BENCHMARK(scan_message);

}  // namespace

BENCHMARK_MAIN();
