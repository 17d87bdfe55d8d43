// Makes reports on TLS (RFC 8460) of what the workers count: collects, closes days, sends by mail
// through the engine's own queue and by HTTPS. On the control thread.
#pragma once

#include <deque>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/random.h"
#include "engine/control/tls_report.h"
#include "engine/control/tls_reports.h"
#include "engine/web/web_thread.h"

namespace sluice::control {

class Engine;

class TlsReporter {
 public:
  TlsReporter(Engine& engine, web::WebThread& web, std::uint64_t seed)
      : engine_(engine), web_(web), random_(seed) {}

  void open(WallTime now);   // once, when the configuration is there
  void configure();          // after each reload
  void poll(WallTime now);   // once per round of the control thread
  void close(WallTime now);  // before the workers stop: what has been counted is not lost

  // Commands: what is counted today; and reports now on what was counted so far.
  nlohmann::json show(WallTime now);
  nlohmann::json send(WallTime now);

 private:
  struct Outgoing {  // by HTTPS
    std::uint64_t token = 0;
    std::string domain;
    std::string url;
    std::string body;
    WallTime next{};
    WallTime give_up{};
    Duration pause{};
    bool under_way = false;
  };

  bool enabled() const;
  void collect();
  void send_due(WallTime now);
  void send_one(const TlsReports::Due& due, WallTime now);
  void send_mail(delivery::GeneratedMail mail, const std::string& domain);
  void post_due(WallTime now);
  void take_posted(WallTime now);
  void warn(const std::string& text);

  Engine& engine_;
  web::WebThread& web_;
  Random random_;
  TlsReports reports_;
  std::deque<Outgoing> outgoing_;
  std::uint64_t tokens_ = 0;
  WallTime collect_at_{};
};

}  // namespace sluice::control
