#include "bench/stack/dialogue.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace sluice::bench {
namespace {

constexpr std::uint64_t kExchangeNs = 20'000;  // virtual time of one exchange, as in a data centre

std::string message_text(std::size_t bytes) {
  std::string text;
  for (unsigned line = 0; text.size() + 3 < bytes; ++line)
    text += std::string(70, static_cast<char>('a' + line % 26)) + "\r\n";
  text.resize(bytes - 3);
  return text + ".\r\n";
}

}  // namespace

Dialogue make_dialogue(std::size_t message_bytes, unsigned messages) {
  Dialogue dialogue{.turns = {{"", "220 mx.example.org ESMTP\r\n"},
                              {"EHLO client.example.com\r\n",
                               "250-mx.example.org\r\n250-PIPELINING\r\n250 SIZE 104857600\r\n"}},
                    .messages = messages};
  const Turn envelope{
      "MAIL FROM:<sender@example.com> SIZE=65536\r\nRCPT TO:<recipient@example.org>\r\nDATA\r\n",
      "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 Go ahead\r\n"};
  const Turn text{message_text(message_bytes), "250 2.0.0 Queued as 4711\r\n"};
  for (unsigned i = 0; i < messages; ++i) {
    dialogue.turns.push_back(envelope);
    dialogue.turns.push_back(text);
  }
  dialogue.turns.push_back({"QUIT\r\n", "221 2.0.0 Bye\r\n"});
  return dialogue;
}

bool Speaker::step() {
  if (finished_) return false;
  const bool sent = send_rest();
  return receive() || sent;
}

bool Speaker::send_rest() {
  if (to_send_.empty()) return false;
  const ssize_t taken = library_.send(stack_, fd_, to_send_.data(), to_send_.size(), 0);
  if (taken <= 0) return false;
  to_send_.remove_prefix(static_cast<std::size_t>(taken));
  return true;
}

bool Speaker::receive() {
  std::array<char, 65'536> buffer;
  bool any = false;
  while (!finished_) {
    const ssize_t count = library_.recv(stack_, fd_, buffer.data(), buffer.size(), 0);
    if (count == -EAGAIN || count == -ENOTCONN) return any;
    if (count < 0) give_up(library_.name + ": " + std::strerror(static_cast<int>(-count)));
    any = true;
    if (count == 0) {
      library_.close(stack_, fd_);
      finished_ = true;
    } else {
      if (check_ && expected().compare(received_, static_cast<std::size_t>(count), buffer.data(),
                                       static_cast<std::size_t>(count)) != 0)
        give_up(library_.name + ": other octets arrive than were sent");
      take(static_cast<std::size_t>(count));
    }
  }
  return any;
}

const std::string& Speaker::expected() const {
  const Turn& turn = dialogue_.turns.at(turn_);
  return side_ == Side::client ? turn.reply : turn.request;
}

void Speaker::take(std::size_t count) {
  received_ += count;
  if (received_ == expected().size()) next_turn();
}

void Speaker::next_turn() {
  const std::size_t answered = turn_++;
  received_ = 0;
  const bool last = turn_ == dialogue_.turns.size();
  if (side_ == Side::server) {
    to_send_ = dialogue_.turns[answered].reply;
  } else if (!last) {
    to_send_ = dialogue_.turns[turn_].request;
  }
  send_rest();
  if (last && side_ == Side::server) {
    library_.close(stack_, fd_);
    finished_ = true;
  }
}

std::uint64_t converse(Link& link, int listener, const Dialogue& dialogue, bool check) {
  const StackLibrary& library = link.library();
  const std::uint64_t before = link.packets();
  Speaker client(library, link.client(), link.connect(), Speaker::Side::client, dialogue, check);
  std::optional<Speaker> server;
  while (!client.finished() || !server || !server->finished()) {
    bool progress = link.carry_to_server();
    if (server) {
      progress |= server->step();
    } else if (const int fd = library.accept(link.server(), listener, nullptr, nullptr); fd >= 0) {
      server.emplace(library, link.server(), fd, Speaker::Side::server, dialogue, check);
      progress |= server->step();
    }
    progress |= link.carry_to_client();
    progress |= client.step();
    link.pass_time(kExchangeNs);
    if (!progress) link.jump_to_deadline();
  }
  while (link.carry_to_server() || link.carry_to_client()) {
  }
  return link.packets() - before;
}

}  // namespace sluice::bench
