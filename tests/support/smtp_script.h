// SMTP dialogues as text, run against a ServerSession in every way the network may cut them:
//
//   S: 220 mx.test ESMTP          what the server says, a line
//   C: MAIL FROM:<a@example.com>  what the client sends, a line
//   C~ octets\r\n                 the same without CRLF at the end
//   H: from a@example.com         what the handler is told, in order
//   F:                            the client finishes sending
//
// \r \n \0 \\ and \xHH are octets. The dialogue is played line by line, where every reply must be
// there before the next client line goes out; then all at once, octet by octet, and cut in two at
// every place, where all replies and effects together must be the same.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "engine/smtp/server_session.h"

namespace sluice::smtp {

// Keeps what it is told; refuses addresses whose local part says so ("refuse@…").
class RecordingHandler : public ServerHandler {
 public:
  std::vector<std::string> effects;
  std::string message;                 // of the message under way or just ended
  std::size_t space_bytes = 7;         // how much message_space() gives at once
  std::size_t spaces_left = SIZE_MAX;  // message_space() is empty after so many
  std::optional<Reply> begin_refusal;
  std::optional<Reply> starttls_refusal;

  std::optional<Reply> check_sender(std::string_view path, const mail::SenderParameters&) override {
    effects.push_back("from " + std::string(path));
    return path.starts_with("refuse@") ? std::optional(Reply{550, "5.7.1", "No"}) : std::nullopt;
  }
  std::optional<Reply> check_recipient(const mail::Recipient& recipient) override {
    if (recipient.address.starts_with("refuse@")) return Reply{550, "5.1.1", "User unknown"};
    effects.push_back("rcpt " + std::string(recipient.address));
    return std::nullopt;
  }
  std::optional<Reply> check_starttls() override { return starttls_refusal; }
  std::optional<Reply> begin_message(const mail::Envelope& envelope) override {
    effects.push_back("begin " + std::to_string(envelope.recipient_count()));
    message.clear();
    return begin_refusal;
  }
  MutableBytes message_space() override {
    if (spaces_left == 0) return {};
    if (spaces_left != SIZE_MAX) --spaces_left;
    space_.resize(space_bytes);
    return space_;
  }
  void message_written(std::size_t count) override {
    message.append(reinterpret_cast<const char*>(space_.data()), count);
  }
  void end_message() override { effects.push_back("end " + escaped(message)); }
  void abort_message(std::string_view reason) override {
    effects.push_back("abort " + std::string(reason));
  }
  void message_refused(const Reply& reply) override {
    effects.push_back("message refused " + std::to_string(reply.code));
  }
  void recipient_refused(const mail::Recipient& recipient, const Reply& reply) override {
    effects.push_back("refused " + std::string(recipient.address) + " " +
                      std::to_string(reply.code));
  }
  void early_talker(ByteView first) override {
    effects.push_back("early " + escaped(as_text(first)));
  }

  static std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c == '\r')
        out += "\\r";
      else if (c == '\n')
        out += "\\n";
      else if (c == '\0')
        out += "\\0";
      else
        out += c;
    }
    return out;
  }

 private:
  std::vector<std::uint8_t> space_;
};

class SmtpScript {
 public:
  ServerSettings settings{.hostname = "mx.test",
                          .message_size_max = 100,
                          .recipients_max = 3,
                          .messages_max = 9,
                          .errors_max = 9};
  Endpoint peer{*IpAddress::parse("192.0.2.7"), 4321};
  RecordingHandler prototype;  // how each run's handler starts

  void run(std::string_view text) {
    steps_.clear();
    sent_.clear();
    while (!text.empty()) {
      const std::size_t newline = std::min(text.find('\n'), text.size());
      add_line(text.substr(0, newline));
      text.remove_prefix(std::min(newline + 1, text.size()));
    }
    play_interactively();
    play_cut({sent_.size()}, "all at once");
    play_cut(std::vector<std::size_t>(sent_.size(), 1), "octet by octet");
    for (std::size_t cut = 1; cut < sent_.size() && !testing::Test::HasFailure(); ++cut)
      play_cut({cut, sent_.size() - cut}, "cut at " + std::to_string(cut));
  }

 private:
  struct Step {
    char kind;  // 'C', 'S', 'H', 'F'
    std::string text;
  };

  void add_line(std::string_view line) {
    const std::size_t start = line.find_first_not_of(' ');
    if (start == std::string_view::npos) return;
    line.remove_prefix(start);
    const char mark = line.size() > 1 ? line[1] : '\0';
    if (std::string_view("CSHF").find(line[0]) == std::string_view::npos ||
        (mark != ':' && mark != '~')) {
      ADD_FAILURE() << "bad script line: " << line;
      return;
    }
    std::string text(line.substr(std::min<std::size_t>(3, line.size())));
    if (line[0] == 'C') text = octets(text);
    if (line[0] == 'S' || (line[0] == 'C' && mark == ':')) text += "\r\n";
    if (line[0] == 'C') sent_ += text;
    steps_.push_back({line[0], std::move(text)});
  }

  static std::string octets(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\') {
        out += text[i];
        continue;
      }
      const char kind = text[++i];
      if (kind == 'r')
        out += '\r';
      else if (kind == 'n')
        out += '\n';
      else if (kind == '0')
        out += '\0';
      else if (kind == 'x') {
        out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
      } else
        out += kind;
    }
    return out;
  }

  struct Run {
    explicit Run(const RecordingHandler& prototype) : handler(prototype) {}
    ServerSession session;
    RecordingHandler handler;
    std::string output;
    Instant now{};
  };

  void send(Run& run, std::string_view octets) {
    while (!octets.empty()) {
      const std::size_t taken = run.session.receive(as_bytes(octets), run.now);
      octets.remove_prefix(taken);
      const bool stuck = taken == 0 && settle(run) == 0;
      ASSERT_FALSE(stuck) << "nothing moves: " << octets;
    }
    while (settle(run) > 0) {
    }
  }

  // Does what the house would do; returns whether anything happened.
  std::size_t settle(Run& run) {
    const ByteView out = run.session.output();
    const std::size_t count = out.size();
    run.output += as_text(out);
    run.session.output_sent(count);
    if (run.session.waiting() == Wait::space) {
      run.handler.spaces_left = 1;
      run.session.space_available(run.now);
      return 1;
    }
    if (run.session.waiting() != Wait::commit) return count;
    run.session.complete_message({250, "2.0.0", "Queued"}, run.now);
    return 1;
  }

  void play_interactively() {
    Run run(prototype);
    std::string said;
    std::vector<std::string> told;
    run.session.open(settings, run.handler, peer, run.now);
    settle(run);
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Step& step = steps_[i];
      if (step.kind == 'S') said += step.text;
      if (step.kind == 'H') told.push_back(step.text);
      if (step.kind == 'C') send(run, step.text);
      if (step.kind == 'F') finish_sending(run);
      const bool last = i + 1 == steps_.size();
      if (step.kind != 'C' && step.kind != 'F' && (last || steps_[i + 1].kind == 'C')) {
        ASSERT_EQ(run.output, said)
            << "line by line, before: " << (last ? "the end" : steps_[i + 1].text);
        ASSERT_EQ(run.handler.effects, told) << "line by line, after: " << said;
      }
    }
  }

  void finish_sending(Run& run) {
    run.session.receive_end(run.now);
    settle(run);
  }

  void play_cut(const std::vector<std::size_t>& sizes, const std::string& how) {
    Run run(prototype);
    run.session.open(settings, run.handler, peer, run.now);
    std::string_view rest = sent_;
    for (const std::size_t size : sizes) {
      send(run, rest.substr(0, size));
      rest.remove_prefix(size);
    }
    std::string said;
    std::vector<std::string> told;
    for (const Step& step : steps_) {
      if (step.kind == 'F') finish_sending(run);
      if (step.kind == 'S') said += step.text;
      if (step.kind == 'H') told.push_back(step.text);
    }
    EXPECT_EQ(run.output, said) << how;
    EXPECT_EQ(run.handler.effects, told) << how;
  }

  std::vector<Step> steps_;
  std::string sent_;
};

}  // namespace sluice::smtp
