// The engine's resolver for commands: blocking, with the servers of the configuration or one that
// is given, over kernel sockets.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <utility>

#include "engine/base/clock.h"
#include "engine/config/config.h"
#include "engine/dns/inquiry.h"
#include "engine/net/kernel/kernel_datagrams.h"
#include "engine/net/transport.h"

namespace sluice::tools {

class DnsClient {
 public:
  // `server`: asked instead of those of the configuration; an empty text is none. Its AD is trusted
  // as the configuration's is.
  static std::expected<std::unique_ptr<DnsClient>, std::string> create(const config::Config& config,
                                                                       const std::string& server);
  ~DnsClient();

  // The result of DNS-dependent logic (see engine/dns/answers.h); nothing: not within the time.
  template <typename Logic>
  auto run(Logic&& logic) -> decltype(logic(std::declval<dns::AnswerTable&>())) {
    dns::Inquiry inquiry;
    const Instant until = clock_.now() + kLimit;
    for (;;) {
      if (auto result = inquiry.run(logic, resolver_, {}, clock_.now())) return result;
      while (inquiry.waits()) {
        if (clock_.now() >= until) return {};
        turn(inquiry);
      }
    }
  }
  Instant now() noexcept { return clock_.now(); }

 private:
  static constexpr Duration kLimit = seconds(30);

  explicit DnsClient(const dns::Options& options);
  void turn(dns::Inquiry& inquiry);  // takes in what comes within some milliseconds

  SystemClock clock_;
  std::unique_ptr<net::Transport> transport_;
  std::unique_ptr<net::KernelDatagrams> datagrams_;
  dns::Resolver resolver_;
};

}  // namespace sluice::tools
