// The server of SpamAssassin's protocol: lets clients written for its daemon (spamc, Exim, milters)
// ask this scanner. A thread of its own on kernel sockets; nothing of the data cores is involved.
#pragma once

#include <atomic>
#include <chrono>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/ip_address.h"
#include "engine/config/config.h"
#include "engine/control/spamd_protocol.h"
#include "scanners/bayes/message_tokens.h"
#include "scanners/bayes/model.h"
#include "scanners/scanner.h"
#include "scanners/spamassassin/whole_message.h"

namespace sluice::control {

class SpamdServer {
 public:
  struct Rules {
    std::shared_ptr<const scan::sa::Program> program;
    std::shared_ptr<const scan::bayes::Model> model;  // null: the classifier is not asked
  };
  // Listens at once. `database`: the classifier's, that TELL writes to; empty: TELL is refused.
  static std::expected<std::unique_ptr<SpamdServer>, std::string> start(
      const config::Spamd& config, const std::string& database, std::uint64_t database_bytes_max,
      Rules rules);
  ~SpamdServer();
  SpamdServer(const SpamdServer&) = delete;
  SpamdServer& operator=(const SpamdServer&) = delete;

  // For messages that come from now on; from any thread.
  void use(Rules rules);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Session {
    int descriptor = -1;
    SpamdReader reader;
    std::string answer;
    std::size_t sent = 0;
    bool answered() const noexcept { return !answer.empty() && sent == answer.size(); }
    Time ends;  // it is closed then, whatever it waits for
  };

  SpamdServer(const config::Spamd& config, std::string database, std::uint64_t database_bytes_max,
              int listener, int wake);
  void run();
  void take_rules();
  void accept();
  void serve(Session& session, short events);
  void read(Session& session);
  void write(Session& session);
  void drop_rest(Session& session);
  void close(Session& session) noexcept;
  std::string answer(const SpamdReader& request);
  std::string judge(SpamdCommand command, std::string_view message);
  std::string tell(const SpamdReader& request);

  config::Spamd config_;
  std::string database_;
  std::uint64_t database_bytes_max_;
  int listener_;
  int wake_;
  std::vector<Session> sessions_;
  Time accept_again_{};
  std::unique_ptr<scan::sa::WholeMessageScanner> scanner_;
  scan::bayes::MessageTokens tokens_;
  std::mutex mutex_;
  Rules fresh_;
  bool has_fresh_ = false;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// `message` with the X-Spam-* fields of others removed from its header and `fields` before the
// rest.
std::string with_status_fields(std::string_view message, std::string_view fields);

}  // namespace sluice::control
