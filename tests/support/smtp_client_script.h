// Dialogues against a ClientSession: "S:" lines are what the peer says, "C:" lines what the client
// must have said when the peer speaks next, "S~" octets without CRLF; escapes as in smtp_script.h.
// Every block of peer lines is given whole and again in pieces of every size.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "engine/smtp/client_session.h"

namespace sluice::smtp {

class SmtpClientScript {
 public:
  ClientSettings settings{.hostname = "out.test"};
  std::vector<OutgoingMessage> messages;
  std::string body = "Subject: x\r\n\r\n.dot\r\n";
  std::vector<std::string> results;  // of the last play: "delivered 250 2.0.0 ok" per recipient
  std::string failure;               // of the last play, when the session finished
  TlsTrouble tls_trouble{};          // of the last play
  bool tls_works = true;             // the handshake succeeds when the session wants it

  explicit SmtpClientScript(std::vector<std::string_view> recipients) {
    OutgoingMessage message{.reverse_path = "a@example.com", .size = 20};
    for (const auto recipient : recipients) message.recipients.push_back({.address = recipient});
    messages.push_back(std::move(message));
  }

  // `expected`: the results of all messages in order.
  void run(std::string_view script, const std::vector<std::string>& expected) {
    parse(script);
    for (std::size_t piece = 1; piece <= 64 && !testing::Test::HasFailure(); ++piece) {
      play(piece);
      EXPECT_EQ(results, expected) << "pieces of " << piece;
    }
    play(SIZE_MAX);
    EXPECT_EQ(results, expected) << "whole";
  }

 private:
  struct Block {
    std::string server;  // said by the peer in one go
    std::string client;  // the answer to it
  };

  static std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\')
        ++i;
      else {
        out += text[i];
        continue;
      }
      out += text[i] == 'r' ? '\r' : text[i] == 'n' ? '\n' : text[i] == '0' ? '\0' : text[i];
    }
    return out;
  }

  void parse(std::string_view script) {
    blocks_.clear();
    while (!script.empty()) {
      const std::size_t newline = std::min(script.find('\n'), script.size());
      std::string_view line = script.substr(0, newline);
      script.remove_prefix(std::min(newline + 1, script.size()));
      const std::size_t start = line.find_first_not_of(' ');
      if (start == std::string_view::npos) continue;
      line.remove_prefix(start);
      std::string text = unescaped(line.substr(std::min<std::size_t>(3, line.size())));
      if (line[1] == ':') text += "\r\n";
      const bool server = line[0] == 'S';
      if (server && (blocks_.empty() || !blocks_.back().client.empty())) blocks_.emplace_back();
      (server ? blocks_.back().server : blocks_.back().client) += text;
    }
  }

  static std::string text_of(const RecipientResult& result) {
    static constexpr const char* kNames[] = {"delivered ", "deferred ", "failed "};
    return kNames[static_cast<int>(result.outcome)] + result.reply;
  }

  void play(std::size_t piece) {
    ClientSession session;
    results.clear();
    next_message_ = 0;
    session.open(settings, Instant{});
    for (const Block& block : blocks_) {
      for (std::string_view rest = block.server; !rest.empty();) {
        const std::size_t size = std::min(piece, rest.size());
        session.receive(as_bytes(rest.substr(0, size)), Instant{});
        rest.remove_prefix(size);
        if (session.wants_tls()) break;  // the rest goes to TLS, which takes none of it
      }
      ASSERT_EQ(read(session), block.client) << "after " << block.server;
    }
    if (!session.finished()) session.connection_lost("end of script", Instant{});
    take(session);
    failure = session.failure();
    tls_trouble = session.tls_trouble();
  }

  void take(ClientSession& session) {
    if (const auto result = session.take_result())
      for (const RecipientResult& recipient : result->recipients)
        results.push_back(text_of(recipient));
  }

  // Everything the client has to say now, read in small pieces.
  std::string read(ClientSession& session) {
    std::string said;
    while (act(session) || !session.output().empty()) {
      const ByteView out = session.output();
      const std::size_t count = std::min<std::size_t>(out.size(), 1'000);
      said += as_text(out.first(count));
      session.output_sent(count);
    }
    return said;
  }

  // One thing that delivery would do; false when there is nothing to do.
  bool act(ClientSession& session) {
    take(session);
    if (session.wants_tls() && session.output().empty()) {
      tls_works ? session.tls_started(Instant{}) : session.tls_failed("broken");
    } else if (session.ready() && next_message_ < messages.size()) {
      session.start(messages[next_message_++], Instant{});
      body_sent_ = 0;
    } else if (session.ready()) {
      session.quit(Instant{});
    } else if (session.wants_body() && body_sent_ < body.size()) {
      body_sent_ += session.body(as_bytes(std::string_view(body).substr(body_sent_)), Instant{});
    } else if (session.wants_body()) {
      session.body_end(Instant{});
    } else {
      return false;
    }
    return true;
  }

  std::vector<Block> blocks_;
  std::size_t next_message_ = 0;
  std::size_t body_sent_ = 0;
};

}  // namespace sluice::smtp
