// Two TLS sessions and a wire between them that does something to one record.
#pragma once

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tests/support/memory_stream.h"
#include "tls/context.h"
#include "tls/session.h"

namespace sluice::test {

enum class Fault : std::uint8_t { none, flip, cut, drop, repeat, swap };
enum Side : std::uint8_t { kClient, kServer };

struct Tampering {
  Side sender = kClient;
  std::size_t record = 0;  // of this sender, counted from 0
  Fault fault = Fault::none;
  std::size_t offset = 0;  // flip: which octet; cut: nothing from there on arrives
  std::uint8_t bits = 1;   // flip
};

// A whole conversation: handshake, a command, a reply, a second command, an orderly end.
class Conversation {
 public:
  // carries_on: the server's records are our own after the handshake.
  Conversation(const tls::Context& server, const tls::Context& client, bool carries_on,
               const Tampering& tampering)
      : carries_on_(carries_on), tampering_(tampering) {
    for (End& end : ends_) end.wire.other = &end.sent;
    sound_ = ends_[kServer].session.accept(server, ends_[kServer].wire) &&
             ends_[kClient].session.connect(client, ends_[kClient].wire, "mx.example");
  }

  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  void run() {
    for (int round = 0; round < 4; ++round)
      for (Side side : {kClient, kServer}) shake_hands(side);
    End& server = ends_[kServer];
    if (carries_on_ && server.session.established()) server.session.carry_on(server.wire);
    say(kClient, "MAIL FROM:<a@example.org>\r\n");
    hear(kServer);
    say(kServer, "250 ok\r\n");
    hear(kClient);
    say(kClient, "RCPT TO:<b@example.com>\r\n");
    hear(kServer);
    if (ends_[kClient].session.established()) note(kClient, ends_[kClient].session.close());
    carry(kClient);
    hear(kServer);
    for (Side side : {kServer, kClient}) {  // once more: what failed has to stay failed
      const std::size_t before = ends_[side].heard.size();
      const bool failed = ends_[side].failed;
      hear(side);
      sound_ = sound_ && !(failed && ends_[side].heard.size() > before);
    }
  }

  bool failed(Side side) const { return ends_[side].failed; }
  const std::string& heard(Side side) const { return ends_[side].heard; }
  const std::string& said(Side side) const { return ends_[side].said; }
  const std::vector<std::size_t>& records(Side sender) const { return ends_[sender].records; }
  // No error left behind in the thread's queue, nothing read after a failure.
  bool sound() const { return sound_; }

 private:
  struct End {
    tls::Session session;
    MemoryStream wire, sent;
    std::string said, heard;
    std::vector<std::size_t> records;  // their sizes, as sent
    std::string held;                  // a record that the next one overtakes
    bool failed = false;
  };

  static Side peer(Side side) { return side == kClient ? kServer : kClient; }

  void note(Side side, tls::Outcome outcome) {
    ends_[side].failed = ends_[side].failed || outcome == tls::Outcome::failed;
    sound_ = sound_ && ERR_peek_error() == 0;
  }
  void shake_hands(Side side) {
    note(side, ends_[side].session.handshake());
    carry(side);
  }
  void say(Side side, std::string_view text) {
    End& end = ends_[side];
    if (!end.session.established()) return;
    std::size_t count = 0;
    note(side, end.session.write(as_bytes(text), count));
    end.said.append(text.substr(0, count));
    carry(side);
  }
  void hear(Side side) {
    End& end = ends_[side];
    if (!end.session.established()) return;
    for (int reads = 0; reads < 8; ++reads) {
      std::uint8_t space[256];
      std::size_t count = 0;
      const tls::Outcome outcome = end.session.read(space, count);
      note(side, outcome);
      end.heard.append(as_text({space, count}));
      if (outcome != tls::Outcome::done) break;
    }
    carry(side);
  }

  // Hands what `side` has written to its peer, record by record.
  void carry(Side side) {
    std::string& octets = ends_[side].sent.arrived;
    while (octets.size() >= 5) {
      const auto high = static_cast<std::uint8_t>(octets[3]);
      const std::size_t size = 5 + high * 256U + static_cast<std::uint8_t>(octets[4]);
      if (octets.size() < size) break;
      deliver(side, octets.substr(0, size));
      octets.erase(0, size);
    }
  }
  void deliver(Side side, std::string record) {
    End& from = ends_[side];
    MemoryStream& to = ends_[peer(side)].wire;
    const bool hit = tampering_.sender == side && tampering_.record == from.records.size();
    from.records.push_back(record.size());
    if (to.finished) return;
    switch (hit ? tampering_.fault : Fault::none) {
      case Fault::none: break;
      case Fault::flip:
        if (tampering_.offset >= record.size()) break;  // this signature is shorter
        record[tampering_.offset] = static_cast<char>(record[tampering_.offset] ^ tampering_.bits);
        break;
      case Fault::cut:
        record.resize(std::min(tampering_.offset, record.size()));
        to.finished = true;
        break;
      case Fault::drop: return;
      case Fault::repeat: record += record; break;
      case Fault::swap: from.held = std::move(record); return;
    }
    to.arrived += record + std::exchange(from.held, {});
  }

  const bool carries_on_;
  Tampering tampering_;
  std::array<End, 2> ends_;
  bool sound_ = true;
};

}  // namespace sluice::test
