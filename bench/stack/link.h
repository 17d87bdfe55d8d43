// Two instances of one stack back to back in this process: what the one sends, the other receives.
// The clock is ours: it moves a little with each exchange, and jumps when nothing else can happen.
#pragma once

#include <netinet/in.h>

#include <array>
#include <cstdint>

#include "bench/stack/library.h"

namespace sluice::bench {

inline constexpr std::uint16_t kSmtpPort = 25;
inline constexpr const char* kClientAddress = "192.0.2.1";
inline constexpr const char* kServerAddress = "192.0.2.2";

sockaddr_in socket_address(const char* address, std::uint16_t port);

class Link {
 public:
  // Ends the program when a stack does not open: nothing can be measured then.
  Link(const StackLibrary& library, const std::string& options);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  const StackLibrary& library() const { return library_; }
  slt_stack* client() const { return client_; }
  slt_stack* server() const { return server_; }
  std::uint64_t now_ns() const { return now_ns_; }
  std::uint64_t packets() const { return packets_; }  // in both directions

  // Each returns whether a packet went over.
  bool carry_to_server() { return carry(client_, server_); }
  bool carry_to_client() { return carry(server_, client_); }

  void pass_time(std::uint64_t ns);  // no packet is moved
  void jump_to_deadline();           // to the next timer of either side
  // Lets all timers run out, TIME-WAIT included, carrying packets.
  void drain();

  int listen();   // a listening socket of the server
  int connect();  // a new connection of the client, not yet established

 private:
  bool carry(slt_stack* from, slt_stack* to);

  const StackLibrary& library_;
  std::uint64_t now_ns_ = 1'000'000'000;
  slt_stack* client_;
  slt_stack* server_;
  std::uint64_t packets_ = 0;
  std::array<std::uint8_t, 65'536> packet_;
};

slt_stats stats_of(const StackLibrary& library, const slt_stack* stack);
[[noreturn]] void give_up(const std::string& what);

}  // namespace sluice::bench
