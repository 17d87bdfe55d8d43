// What came back: counts, latencies and, if asked for, one line per message.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "tools/loadgen/histogram.h"

namespace sluice::load {

class Tally {
 public:
  // `path` of the results file; empty = none.
  std::expected<void, std::string> open_results(const std::string& path);

  // One message has its reply (code 0: none came, `reply` says why).
  void message_done(std::string_view name, std::uint64_t octets, std::uint16_t code,
                    std::string_view reply);
  void transaction_took(Duration whole) noexcept { transaction.add(whole); }
  void final_dot_took(Duration wait) noexcept { final_dot.add(wait); }
  void connection_failed(std::string_view reason);
  void flush_results();

  std::uint64_t accepted() const noexcept;  // 2yz
  // Anything but a reply to each message and an orderly end of each connection.
  std::uint64_t protocol_failures() const noexcept { return unanswered + connections_failed; }

  std::uint64_t messages = 0;    // with a reply
  std::uint64_t unanswered = 0;  // lost with their connection
  std::uint64_t octets = 0;      // of messages with a reply
  std::uint64_t connections = 0;
  std::uint64_t connections_failed = 0;
  std::string first_failure;
  std::array<std::uint64_t, 1000> codes{};
  Histogram final_dot;    // last octet handed to the transport -> reply
  Histogram transaction;  // first command handed over -> reply

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, CloseFile> results_;
  std::string line_;
};

// The message id in a reply such as "250 2.0.0 Ok: queued as MID 42": the digits after "MID", else
// empty.
std::string_view mid_of(std::string_view reply) noexcept;

}  // namespace sluice::load
