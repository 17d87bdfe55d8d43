// What becomes of a message by what its peer answers, and when: every kind of answer at every
// stage, and a peer that vanishes at every octet. The outcomes are kept in
// tests/golden/delivery_*.txt.
//
// The rules that hold in every row: no recipient is lost, none is bounced by an answer that is no
// 5yz, and only an answer to the final dot that is missing or means nothing can make a second copy.
#include <fmt/format.h>

#include <memory>

#include "tests/delivery/delivery_world.h"
#include "tests/support/golden.h"
#include "tls/context.h"

namespace sluice::delivery {
namespace {

using queueing::RecipientStatus;

const std::string kBody = "Subject: x\r\n\r\nhello\r\n";

class PeerWorld final : public DeliveryWorld {
 public:
  explicit PeerWorld(std::string extensions) {
    config.routes = {{.domain = "example.com", .next_hops = {*Endpoint::parse(kFirst)}},
                     {.domain = "example.org", .next_hops = {*Endpoint::parse(kOther)}}};
    config.delivery.delay_notice = {};
    config.delivery.retry = {minutes(15)};
    config.delivery.connections_per_destination = 1;
    host().extensions = std::move(extensions);
    if (host().extensions.find("STARTTLS") != std::string::npos)
      contexts.usual = *tls::Context::client({});
    delivery = Delivery::create({&config, &shard, [this](std::string_view) { return &transport; },
                                 &events, &blocks, &mids, &dcids, &tls_buffers, contexts});
  }
  void TestBody() override {}
  using DeliveryWorld::pass;
  using DeliveryWorld::put;
  using DeliveryWorld::settle;

  FakeHost& host() { return first(); }
  Mid send() { return put({"a@example.com", "b@example.com"}, kBody); }
  // Everything that is still waited for times out, without a new attempt.
  void attempt() {
    settle();
    for (int minute = 0; minute < 14; ++minute) pass(minutes(1));
  }
  void heal() {
    host().script = [](const auto&) { return ""; };
    host().sends_until = host().reads_until = SIZE_MAX;
    for (int times = 0; times < 3; ++times) pass(minutes(16));
  }
  bool all_home() {
    return shard.messages.empty() && shard.leased() == 0 && delivery->idle() &&
           blocks.available() == blocks.capacity();
  }
  // The end of a transaction that nobody took is a lone dot.
  std::size_t copies() {
    return static_cast<std::size_t>(std::ranges::count_if(
        host().messages, [](const std::string& octets) { return octets.size() > 2; }));
  }
  std::string became(Mid mid, Rid rid) {
    if (!shard.outcomes.contains({mid, rid})) return "pending";
    return shard.outcomes[{mid, rid}] == RecipientStatus::delivered ? "delivered" : "bounced";
  }
  std::string last_reason() {
    const auto text = [&](mail::EventKind kind) {
      return seen(kind) > 0 ? events.last[kind][0] + " " + events.last[kind][2] : std::string();
    };
    const std::string bounced = text(mail::EventKind::delivery_bounced);
    return (bounced.empty() ? text(mail::EventKind::delivery_delayed) : bounced).substr(0, 60);
  }

  tls::ReadBuffers tls_buffers{4};
  ClientContexts contexts;
};

struct Stage {
  const char* name;     // as the table has it
  const char* command;  // what the answer is to
  const char* extensions = "250-PIPELINING\r\n250 8BITMIME\r\n";
  bool second_message = false;  // the stage is one of a connection that is used again
};
constexpr Stage kStages[] = {
    {"greeting", "CONNECT"},
    {"EHLO", "EHLO"},
    {"STARTTLS", "STARTTLS", "250-PIPELINING\r\n250 STARTTLS\r\n"},
    {"MAIL", "MAIL"},
    {"RCPT a", "RCPT TO:<a@"},
    {"DATA", "DATA"},
    {"dot", "."},
    {"MAIL alone", "MAIL", "250 8BITMIME\r\n"},
    {"RCPT alone", "RCPT TO:<a@", "250 8BITMIME\r\n"},
    {"DATA alone", "DATA", "250 8BITMIME\r\n"},
    {"BDAT", "BDAT", "250-PIPELINING\r\n250 CHUNKING\r\n"},
    {"BDAT LAST", ".", "250-PIPELINING\r\n250 CHUNKING\r\n"},
    {"QUIT", "QUIT"},
    {"RSET", "RSET", "250-PIPELINING\r\n250 8BITMIME\r\n", true},
};

struct Kind {
  const char* name;
  std::string reply;
};
const Kind kKinds[] = {
    {"2yz", "299 fine"},
    {"3yz", "399 and now?"},
    {"4yz", "450 4.2.0 not now"},
    {"421", "421 4.3.2 closing"},
    {"5yz", "550 5.0.0 never"},
    {"garbage", "how do you do"},
    {"too long", std::string(20'000, '2')},
    {"no end",
     [] {
       std::string lines;
       for (int i = 0; i < 20'000; ++i) lines += "250-and\r\n";
       return lines;
     }()},
    {"silence", "silent"},
    {"hangs up", "drop"},
};

// A connection is used for a second message after a refused one, so that RSET is sent.
std::string row_of(const Stage& stage, const Kind& kind) {
  PeerWorld world(stage.extensions);
  world.host().script = [&](const std::string& line) {
    if (stage.second_message && line.starts_with("RCPT TO:<no@")) return std::string("450 4.0.0 x");
    return line.starts_with(stage.command) ? kind.reply : std::string();
  };
  if (stage.second_message) world.put({"no@example.com"}, kBody);
  const Mid mid = world.send();
  world.attempt();
  const std::string early = world.became(mid, 0) + " " + world.became(mid, 1);
  const std::string reason = world.last_reason();
  world.heal();
  const std::string late = world.became(mid, 0) + " " + world.became(mid, 1);
  const std::string where = std::string(stage.name) + ", " + kind.name;
  EXPECT_EQ(late.find("pending"), std::string::npos) << where;
  EXPECT_TRUE(world.all_home()) << where;
  if (kind.reply[0] != '5') {
    EXPECT_EQ(late, "delivered delivered") << where;
  }
  const std::size_t copies = world.copies() - (stage.second_message ? 1 : 0);
  const bool dot = std::string_view(stage.command) == ".";
  if (!dot) {
    EXPECT_LE(copies, 2u) << where;
  }
  return fmt::format("{:<10} {:<8} | {:<19} | {:<19} | {} sent | {}", stage.name, kind.name, early,
                     late, copies, reason);
}

TEST(PeerTable, EveryAnswerAtEveryStageHasItsOutcome) {
  std::vector<std::string> rows{
      "stage      answer   | recipients a and b  | once the peer is well | messages at the peer | "
      "log"};
  for (const Stage& stage : kStages)
    for (const Kind& kind : kKinds) rows.push_back(row_of(stage, kind));
  EXPECT_EQ(test::compare_golden("delivery_answers.txt", rows), "");
}

// Runs of equal outcomes: "12..57: pending, 1 sent".
class Runs {
 public:
  void add(std::size_t at, const std::string& outcome) {
    if (outcome != outcome_) end();
    if (outcome_.empty()) first_ = at;
    outcome_ = outcome;
    last_ = at;
  }
  std::vector<std::string> rows(std::string_view name) {
    end();
    for (std::string& row : rows_) row.insert(0, std::string(name) + " ");
    return std::move(rows_);
  }

 private:
  void end() {
    if (!outcome_.empty()) rows_.push_back(fmt::format("{}..{}: {}", first_, last_, outcome_));
    outcome_.clear();
  }
  std::vector<std::string> rows_;
  std::string outcome_;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
};

std::string vanished(PeerWorld& world, std::size_t sends_until, std::size_t reads_until) {
  world.host().messages.clear();
  world.host().sent = world.host().read = 0;
  world.host().sends_until = sends_until;
  world.host().reads_until = reads_until;
  const Mid mid = world.send();
  world.settle();  // a connection that has gone keeps nobody waiting
  world.pass(seconds(6));
  const std::string early = world.became(mid, 0);
  EXPECT_EQ(early, world.became(mid, 1));
  const std::size_t before = world.copies();
  world.heal();
  EXPECT_EQ(world.became(mid, 0) + " " + world.became(mid, 1), "delivered delivered");
  EXPECT_TRUE(world.all_home());
  const std::size_t copies = world.copies();
  EXPECT_EQ(copies, early == "delivered" ? 1 : before + 1);
  return fmt::format("{}, {} sent; in the end {}", early, before, copies);
}

TEST(PeerTable, APeerMayVanishAtEveryOctetOfTheDialogue) {
  std::vector<std::string> rows;
  const auto append = [&](std::vector<std::string> more) {
    rows.insert(rows.end(), more.begin(), more.end());
  };
  const std::pair<const char*, const char*> ways[] = {
      {"pipelined", "250-PIPELINING\r\n250 8BITMIME\r\n"},
      {"one by one", "250 8BITMIME\r\n"},
      {"chunks", "250-PIPELINING\r\n250 CHUNKING\r\n"}};
  for (const auto& [name, extensions] : ways) {
    PeerWorld world(extensions);
    world.send();
    world.attempt();
    const std::size_t sent = world.host().sent, read = world.host().read;
    Runs sends, reads;
    for (std::size_t at = 0; at <= sent; ++at) sends.add(at, vanished(world, at, SIZE_MAX));
    for (std::size_t at = 0; at <= read; ++at) reads.add(at, vanished(world, SIZE_MAX, at));
    append(sends.rows(fmt::format("{}: after it sent", name)));
    append(reads.rows(fmt::format("{}: after it read", name)));
  }
  EXPECT_EQ(test::compare_golden("delivery_vanished.txt", rows), "");
}

}  // namespace
}  // namespace sluice::delivery
