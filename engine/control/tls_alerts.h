// One alert for each destination whose deliveries failed for want of TLS, and for each window of
// time: how often, the last error, the host, and a table of the kinds of failure. A reader of the
// event stream; on the control thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "engine/base/clock.h"
#include "engine/config/config.h"
#include "engine/mail/event.h"

namespace sluice::control {

struct Alert {
  std::string subject;
  std::string summary;  // one line
  std::string text;     // summary and table, lines ended by CRLF
};

class TlsAlerts {
 public:
  void configure(const config::Alerts& settings) { settings_ = settings; }

  void note(const mail::Event& event, WallTime at);
  // The alert of a window that has ended by `now`; call until there is none.
  std::optional<Alert> next(WallTime now);

 private:
  struct Window {
    WallTime ends;
    std::uint64_t failures = 0;
    std::map<std::string, std::uint64_t> kinds;  // a few fixed words
    std::string last_error;
    std::string last_host;
  };

  Alert alert_of(const std::string& domain, const Window& window) const;

  config::Alerts settings_;
  std::map<std::string, Window> windows_;  // by domain; "" = those beyond destinations_max
};

}  // namespace sluice::control
