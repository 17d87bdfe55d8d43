// The octets of DATA through the receiver, whole pipelined transactions through a server session.
// Each checks its answer against what must come out before anything is timed.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/smtp/body_writer.h"
#include "engine/smtp/server_session.h"

namespace sluice::smtp {
namespace {

constexpr std::size_t kSegmentBytes = 1448;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "wrong answer: %s\n", what);
  std::exit(1);
}

std::string message_text(std::size_t bytes, std::size_t line_bytes) {
  std::string text;
  while (text.size() < bytes) text += std::string(line_bytes - 2, 'x') + "\r\n";
  return text;
}

class DiscardingHandler final : public ServerHandler {
 public:
  std::uint64_t messages = 0;
  std::uint64_t octets = 0;

  std::optional<Reply> check_sender(std::string_view, const mail::SenderParameters&) override {
    return std::nullopt;
  }
  std::optional<Reply> check_recipient(const mail::Recipient&) override { return std::nullopt; }
  std::optional<Reply> begin_message(const mail::Envelope&) override { return std::nullopt; }
  MutableBytes message_space() override {
    if (used_ == block_.size()) used_ = 0;
    return MutableBytes(block_).subspan(used_);
  }
  void message_written(std::size_t count) override {
    used_ += count;
    octets += count;
  }
  void end_message() override { ++messages; }
  void abort_message(std::string_view) override {}
  void recipient_refused(const mail::Recipient&, const Reply&) override {}
  void early_talker(ByteView) override {}

 private:
  std::vector<std::uint8_t> block_ = std::vector<std::uint8_t>(16 * 1024);
  std::size_t used_ = 0;
};

void receive_data(benchmark::State& state) {
  const auto line_bytes = static_cast<std::size_t>(state.range(0));
  const std::string text = message_text(64 * 1024, line_bytes);
  const std::string wire = text + ".\r\n";
  std::vector<std::uint8_t> out(wire.size());
  const auto receive = [&] {
    DataReceiver receiver;
    receiver.start(BareNewlineMode::reject);
    std::size_t produced = 0;
    for (std::string_view rest = wire; !rest.empty();) {
      const auto step = receiver.receive(as_bytes(rest.substr(0, kSegmentBytes)),
                                         MutableBytes(out).subspan(produced));
      produced += step.produced;
      rest.remove_prefix(step.consumed);
    }
    return produced;
  };
  require(as_text(ByteView(out).first(receive())) == text, "received message");
  for (auto _ : state) benchmark::DoNotOptimize(receive());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(wire.size()));
}
BENCHMARK(receive_data)->Arg(40)->Arg(78)->Arg(998);

void write_body(benchmark::State& state) {
  const std::string text = message_text(64 * 1024, 78);
  std::vector<std::uint8_t> out(text.size() + 8);
  BodyWriter writer;
  const auto write = [&] {
    writer.start(BodyWriter::Form::data);
    const auto step = writer.write(as_bytes(text), out);
    return step.produced + writer.finish(MutableBytes(out).subspan(step.produced));
  };
  require(as_text(ByteView(out).first(write())) == text + ".\r\n", "written message");
  for (auto _ : state) benchmark::DoNotOptimize(write());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(write_body);

// One message on an open connection: envelope and DATA in one segment, the text in others.
void pipelined_transaction(benchmark::State& state) {
  const std::string envelope =
      "MAIL FROM:<sender@example.com> SIZE=4096 BODY=8BITMIME\r\n"
      "RCPT TO:<recipient@example.org>\r\nDATA\r\n";
  const std::string text = message_text(static_cast<std::size_t>(state.range(0)), 78) + ".\r\n";
  ServerSettings settings{.hostname = "mx.test", .messages_max = UINT32_MAX};
  DiscardingHandler handler;
  ServerSession session;
  session.open(settings, handler, {*IpAddress::parse("192.0.2.7"), 25}, Instant{});
  session.receive(as_bytes("EHLO client.test\r\n"), Instant{});
  const auto transact = [&] {
    session.receive(as_bytes(envelope), Instant{});
    session.output_sent(session.output().size());
    for (std::string_view rest = text; !rest.empty();)
      rest.remove_prefix(session.receive(as_bytes(rest.substr(0, kSegmentBytes)), Instant{}));
    session.complete_message({250, "2.0.0", "Queued"}, Instant{});
    session.output_sent(session.output().size());
  };
  transact();
  require(handler.messages == 1 && handler.octets == text.size() - 3, "one whole message");
  for (auto _ : state) transact();
  require(handler.messages == static_cast<std::uint64_t>(state.iterations()) + 1, "all messages");
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(pipelined_transaction)->Arg(4 * 1024)->Arg(64 * 1024);

}  // namespace
}  // namespace sluice::smtp

BENCHMARK_MAIN();
