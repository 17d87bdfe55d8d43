// mail_logs: one line per event, in the grammar that operators of Cisco gateways know
// (ICID, MID, RID, DCID; `Tue Apr 17 00:57:53 2018 Info: …`).
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/config/config.h"
#include "engine/mail/event.h"

namespace sluice::control {

// Appends the line or lines of one event, without prefix, each ending in '\n'. Octets of outside
// origin that are not printable come out as \xNN: one event never makes a line of its own choosing.
void format_event(const mail::Event& event, std::string& out);
bool is_warning(mail::EventKind kind) noexcept;

// "Tue Apr 17 00:57:53 2018", UTC.
std::string log_date(WallTime at);

class MailLog {
 public:
  // Opens (appends to) directory/mail_logs; rotates by size.
  static std::expected<std::unique_ptr<MailLog>, std::string> open(const config::Log& settings);
  ~MailLog();

  void write(const mail::Event& event, WallTime at);
  void flush();

 private:
  struct Sink;
  MailLog();
  std::unique_ptr<Sink> sink_;
  std::string lines_;
  std::string prefix_;
  std::int64_t prefix_second_ = -1;
};

}  // namespace sluice::control
