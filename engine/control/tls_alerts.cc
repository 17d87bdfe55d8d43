#include "engine/control/tls_alerts.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::control {
namespace {

std::string counted(std::int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

// "15 minutes"
std::string time_text(Duration duration) {
  const std::int64_t seconds = duration.ns / 1'000'000'000;
  return seconds % 60 == 0 ? counted(seconds / 60, "minute") : counted(seconds, "second");
}

// What a peer has said becomes part of a mail.
std::string printable(std::string_view text) {
  std::string clean(text);
  for (char& c : clean)
    if (c < ' ' || c > '~') c = '?';
  return clean;
}

}  // namespace

void TlsAlerts::note(const mail::Event& event, WallTime at) {
  if (event.kind != mail::EventKind::delivery_tls_failed || !settings_.tls_failures) return;
  std::string domain = printable(event.text[0]);
  if (!windows_.contains(domain) && windows_.size() >= settings_.destinations_max) domain.clear();
  Window& window = windows_[domain];
  if (window.failures == 0) window.ends = at + settings_.window;
  ++window.failures;
  ++window.kinds[printable(event.text[2])];
  window.last_error = printable(event.text[1]);
  if (event.number != 0)
    window.last_error = fmt::format("({}, '{}')", event.number, window.last_error);
  window.last_host = fmt::format("{} port {}", event.remote.address.text(), event.remote.port);
}

std::optional<Alert> TlsAlerts::next(WallTime now) {
  const auto ended =
      std::ranges::find_if(windows_, [now](const auto& entry) { return entry.second.ends <= now; });
  if (ended == windows_.end()) return {};
  Alert alert = alert_of(ended->first, ended->second);
  windows_.erase(ended);
  return alert;
}

Alert TlsAlerts::alert_of(const std::string& domain, const Window& window) const {
  const std::string where = domain.empty() ? "further destinations" : domain;
  const auto failures = static_cast<std::int64_t>(window.failures);
  Alert alert;
  alert.subject = fmt::format("Warning <System>: TLS required for {} but not possible", where);
  alert.summary = fmt::format(
      "Over the past {} TLS connections to {} failed {}; the last error was {}, host {}",
      time_text(settings_.window), where, counted(failures, "time"), window.last_error,
      window.last_host);
  alert.text = fmt::format(
      "Over the past {} TLS connections to {} failed {}.\r\n"
      "The last error was {}\r\non host {}.\r\n\r\n{:>10}  type of failure\r\n",
      time_text(settings_.window), where, counted(failures, "time"), window.last_error,
      window.last_host, "count");
  for (const auto& [kind, count] : window.kinds)
    alert.text += fmt::format("{:>10}  {}\r\n", count, kind);
  alert.text += fmt::format("{:>10}  in all\r\n", window.failures);
  return alert;
}

}  // namespace sluice::control
