// What the load generator is asked to do: the command line as a value, every quantity bounded.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/ip_address.h"

namespace sluice::load {

struct Options {
  Endpoint target;

  bool over_dpdk = false;  // else kernel sockets
  std::string device;      // DPDK device arguments, without "--vdev="
  Prefix address;          // ours, on the device
  std::optional<IpAddress> gateway;
  std::optional<unsigned> cpu;  // pins the generating thread

  std::uint32_t connections = 20;  // at once
  std::uint32_t messages_per_connection = 20;
  std::uint64_t messages = 0;         // in all; 0 = until `duration`, or the corpus once
  Duration duration{};                // starts no message after that; 0 = no limit but `messages`
  Duration time_limit = minutes(10);  // gives up after that, whatever is under way
  Duration timeout = seconds(60);     // of one reply
  double rate = 0;                    // messages per second in all; 0 = as fast as replies come
  std::uint32_t chunk = 0;            // octets written per connection and poll; 0 = what fits

  std::vector<std::string> corpus;  // files and folders; empty = synthetic messages
  std::uint32_t size = 4096;        // octets of a synthetic message
  std::uint64_t seed = 1;
  std::string from = "sender%n@example.net";  // %n: 0 to 999, by message
  std::string to = "user%n@example.com";
  std::string hostname = "loadgen.example.net";

  std::string results;  // file: one line of JSON per message
  std::string label;    // goes into the JSON report as it is
  bool json = false;
  bool quiet = false;
  bool own_network = false;
};

// Exits the process for --help and for usage errors (status 2), as commands do.
Options parse_command_line(int argc, char** argv);

// Load must never hit a stranger: loopback, and the networks set aside for documentation and
// benchmarks (RFC 5737, RFC 3849, RFC 2544), are free to use; others need --i-own-this-network.
bool is_test_address(const IpAddress& address);

bool pin_to_cpu(unsigned cpu);  // the calling thread; false: no such CPU

}  // namespace sluice::load
