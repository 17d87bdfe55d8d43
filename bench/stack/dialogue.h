// The octets of an SMTP connection with pipelining, as turns: what the client says and what the
// server answers. Only the sizes and the order matter to a stack; both ends know them beforehand.
#pragma once

#include <string>
#include <vector>

#include "bench/stack/link.h"

namespace sluice::bench {

struct Turn {
  std::string request;  // empty in the first turn: the server greets
  std::string reply;
};

struct Dialogue {
  std::vector<Turn> turns;
  unsigned messages = 0;
};

Dialogue make_dialogue(std::size_t message_bytes, unsigned messages);

// One end of a connection going through a dialogue. step() does what can be done now and returns
// whether that was anything.
class Speaker {
 public:
  enum class Side : bool { client, server };

  // With `check`, every octet received is compared with what it has to be.
  Speaker(const StackLibrary& library, slt_stack* stack, int fd, Side side,
          const Dialogue& dialogue, bool check)
      : library_(library), stack_(stack), fd_(fd), side_(side), dialogue_(dialogue), check_(check) {
    if (side == Side::server) next_turn();
  }

  bool step();
  bool finished() const { return finished_; }  // both directions are closed

 private:
  bool send_rest();
  bool receive();
  void take(std::size_t count);
  void next_turn();
  const std::string& expected() const;

  const StackLibrary& library_;
  slt_stack* stack_;
  int fd_;
  Side side_;
  const Dialogue& dialogue_;
  bool check_;
  bool finished_ = false;
  std::size_t turn_ = 0;
  std::string_view to_send_;
  std::size_t received_ = 0;  // octets of expected()
};

// Takes one connection from SYN to the end of both directions. Returns its packets.
std::uint64_t converse(Link& link, int listener, const Dialogue& dialogue, bool check);

}  // namespace sluice::bench
