#include "engine/control/mail_log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>

#include <ctime>
#include <filesystem>
#include <iterator>

namespace sluice::control {
namespace {

using mail::Event;
using mail::EventKind;

std::string safe(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

// "0 1 2" -> "[0, 1, 2]"
std::string rid_list(std::string_view rids) {
  std::string out = "[";
  for (char c : rids) {
    if (c == ' ') out += ',';
    out += c;
  }
  return out + "]";
}

class Lines {
 public:
  Lines(const Event& event, std::string& out) : e_(event), out_(out) {}

  void format() {
    if (e_.kind == EventKind::operator_action) return line("{} by {}", text(1), text(0));
    if (!inbound() && !message() && !queue() && !delivery()) line("{}", text(0));
  }

 private:
  bool inbound() {
    switch (e_.kind) {
      case EventKind::link_open:
        line("New SMTP ICID {} interface {} ({}) address {} reverse dns host {} verified {}",
             e_.icid, text(0), e_.local.address.text(), e_.remote.address.text(),
             e_.text[1].empty() ? "unknown" : text(1), e_.text[2] == "yes" ? "yes" : "no");
        return true;
      case EventKind::link_accepted:
        line("ICID {} ACCEPT SG {} match ALL SBRS not enabled", e_.icid, text(0));
        return true;
      case EventKind::link_rejected: line("ICID {} REJECT {}", e_.icid, text(0)); return true;
      case EventKind::link_early_talker:
        line("ICID {} early talker: '{}'", e_.icid, text(0));
        return true;
      case EventKind::link_tls_success:
        line("ICID {} TLS success protocol {} cipher {}", e_.icid, text(0), text(1));
        return true;
      case EventKind::link_tls_failed:
        line("ICID {} TLS failed: ({}, '{}')", e_.icid, e_.number, text(0));
        return true;
      case EventKind::link_tls_client:
        if (text(0).empty() && text(1).empty())
          line("ICID {} TLS client certificate: none", e_.icid);
        else
          line("ICID {} TLS client certificate: CN={} issuer CN={} {}", e_.icid, text(0), text(1),
               e_.text[2].empty() ? "verified" : "not verified (" + text(2) + ")");
        return true;
      case EventKind::link_lost:
        if (!text(0).empty()) line("ICID {} Receiving Failed: {}", e_.icid, text(0));
        line("ICID {} lost", e_.icid);
        return true;
      case EventKind::link_close: line("ICID {} close", e_.icid); return true;
      default: return false;
    }
  }

  bool message() {
    switch (e_.kind) {
      case EventKind::tx_begin: line("Start MID {} ICID {}", e_.mid, e_.icid); return true;
      case EventKind::tx_from:
        line("MID {} ICID {} From: <{}>", e_.mid, e_.icid, text(0));
        return true;
      case EventKind::tx_rcpt:
        line("MID {} ICID {} RID {} To: <{}>", e_.mid, e_.icid, e_.rid, text(0));
        return true;
      case EventKind::tx_rcpt_refused:
        line("MID {} ICID {} To: <{}> Rejected: {}", e_.mid, e_.icid, text(0), text(1));
        return true;
      case EventKind::tx_message_id: line("MID {} Message-ID '{}'", e_.mid, text(0)); return true;
      case EventKind::tx_subject: line("MID {} Subject '{}'", e_.mid, text(0)); return true;
      case EventKind::tx_ready:
        line("MID {} ready {} bytes from <{}>", e_.mid, e_.number, text(0));
        return true;
      case EventKind::tx_aborted: line("Message aborted MID {} {}", e_.mid, text(0)); return true;
      case EventKind::tx_rejected:
        line("Message aborted MID {} Rejected: {}", e_.mid, text(0));
        return true;
      case EventKind::scan_verdict:
        line("MID {} using engine: SLUICE spam {} SCL {} score {} rules [{}]", e_.mid, text(2),
             e_.number, text(1), text(0));
        return true;
      case EventKind::scan_antivirus:
        line("MID {} antivirus {}{}{}{}", e_.mid, text(0), e_.text[1].empty() ? "" : ": ", text(1),
             e_.text[2].empty() ? "" : fmt::format(" engine: {}", text(2)));
        return true;
      case EventKind::scan_stripped:
        line("MID {} attachment taken out: {} ({} octets) rule {}", e_.mid, text(0), e_.number,
             text(1));
        return true;
      case EventKind::dsn_generated:
        if (text(0) == "failure")
          line("MID {} generated for bounce of MID {} (failure)", e_.mid, e_.number);
        else
          line("MID {} generated for notification of MID {} ({})", e_.mid, e_.number, text(0));
        return true;
      case EventKind::dsn_lost:
        line("MID {} RID {}: no notification of its {}: the queue could not take it", e_.mid,
             e_.rid, text(0));
        return true;
      default: return false;
    }
  }

  bool queue() {
    switch (e_.kind) {
      case EventKind::queue_committed:
        line("MID {} queued for {}", e_.mid, e_.number == 0 ? "delivery" : "scanning");
        return true;
      case EventKind::queue_held:
        if (text(0).empty())
          line("MID {} quarantined: SCL {}", e_.mid, e_.number);
        else
          line("MID {} held: SCL {} would have been refused on arrival", e_.mid, e_.number);
        return true;
      case EventKind::queue_suspect:
        line("MID {} was in hand ({}) when the engine ended, {} times so far{}", e_.mid, text(0),
             e_.number, e_.text[1].empty() ? "" : ": set aside as poison");
        return true;
      case EventKind::arrival_suspect:
        line("MID {} of ICID {} was arriving when the engine ended; it was not accepted", e_.mid,
             e_.icid);
        return true;
      case EventKind::recipient_deleted:
        line("Message {} to RID [{}] deleted by {}", e_.mid, e_.rid, text(0));
        return true;
      case EventKind::queue_refused: line("MID {} not queued: {}", e_.mid, text(0)); return true;
      case EventKind::queue_finished: line("Message finished MID {} done", e_.mid); return true;
      default: return false;
    }
  }

  bool delivery() {
    switch (e_.kind) {
      case EventKind::delivery_open:
        if (!e_.text[0].empty())
          line("New LMTP DCID {} interface local address unix:{} port 0", e_.dcid, text(0));
        else
          line("New SMTP DCID {} interface {} address {} port {}", e_.dcid, e_.local.address.text(),
               e_.remote.address.text(), e_.remote.port);
        return true;
      case EventKind::delivery_tls_success:
        line("DCID {} TLS success protocol {} cipher {}", e_.dcid, text(0), text(1));
        if (!e_.text[2].empty()) line("DCID {} TLS certificate {}", e_.dcid, text(2));
        return true;
      case EventKind::delivery_tls_failed:
      case EventKind::delivery_tls_missing:
        if (e_.number != 0)
          line("DCID {} TLS failed: ({}, '{}')", e_.dcid, e_.number, text(1));
        else
          line("DCID {} TLS failed: {}", e_.dcid, text(1));
        return true;
      case EventKind::delivery_dane:
        line("DANE: domain {} host {}: {}", text(0), text(1), text(2));
        return true;
      case EventKind::delivery_sts:
        line("MTA-STS: domain {}{}{}: {}", text(0), e_.text[1].empty() ? "" : " host ", text(1),
             text(2));
        return true;
      case EventKind::delivery_failed:
        line(
            "Connection Error: DCID {} domain: {} IP:{} port: {} details: {} interface: {} reason: "
            "{}",
            e_.dcid, text(0), e_.remote.address.text(), e_.remote.port, text(1),
            e_.local.address.text(), text(2));
        return true;
      case EventKind::delivery_start:
        line("Delivery start DCID {} MID {} to RID {}", e_.dcid, e_.mid, rid_list(e_.text[0]));
        return true;
      case EventKind::delivery_done:
        line("Message done DCID {} MID {} to RID {}", e_.dcid, e_.mid, rid_list(e_.text[0]));
        line("MID {} RID {} Response '{}'", e_.mid, rid_list(e_.text[0]), text(1));
        return true;
      case EventKind::delivery_delayed: outcome("Delayed"); return true;
      case EventKind::delivery_bounced: outcome("Bounced"); return true;
      case EventKind::delivery_pending:
        line("Message {} to RID [{}] pending till {}", e_.mid, e_.rid,
             log_date({e_.number * 1'000'000'000}));
        return true;
      case EventKind::delivery_close: line("DCID {} close", e_.dcid); return true;
      default: return false;
    }
  }

  void outcome(std::string_view word) {
    line("{}: DCID {} MID {} to RID {} - {} - {} ('{}') []", word, e_.dcid, e_.mid, e_.rid, text(0),
         text(1), text(2));
  }

  std::string text(int index) const { return safe(e_.text[index]); }

  template <typename... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  const Event& e_;
  std::string& out_;
};

}  // namespace

void format_event(const Event& event, std::string& out) { Lines(event, out).format(); }

bool is_warning(EventKind kind) noexcept {
  return kind == EventKind::engine_warning || kind == EventKind::queue_refused ||
         kind == EventKind::queue_suspect || kind == EventKind::arrival_suspect ||
         kind == EventKind::dsn_lost || kind == EventKind::delivery_failed ||
         kind == EventKind::alert;
}

std::string log_date(WallTime at) {
  const std::time_t seconds = at.unix_seconds();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%a %b %d %H:%M:%S %Y", &parts)};
}

struct MailLog::Sink {
  explicit Sink(std::shared_ptr<spdlog::sinks::sink> file) : logger("mail", std::move(file)) {
    logger.set_pattern("%v");
  }
  spdlog::logger logger;
};

MailLog::MailLog() = default;
MailLog::~MailLog() = default;

std::expected<std::unique_ptr<MailLog>, std::string> MailLog::open(const config::Log& settings) {
  try {
    std::filesystem::create_directories(settings.directory);
    auto file = std::make_shared<spdlog::sinks::rotating_file_sink_st>(
        settings.directory + "/mail_logs", settings.rotate_bytes, settings.keep);
    std::unique_ptr<MailLog> log(new MailLog);
    log->sink_ = std::make_unique<Sink>(std::move(file));
    return log;
  } catch (const std::exception& fault) {
    return std::unexpected("log.directory " + settings.directory + ": " + fault.what());
  }
}

void MailLog::write(const Event& event, WallTime at) {
  if (at.unix_seconds() != prefix_second_) {
    prefix_second_ = at.unix_seconds();
    prefix_ = log_date(at);
  }
  lines_.clear();
  format_event(event, lines_);
  const char* level = is_warning(event.kind) ? "Warning" : "Info";
  std::string_view rest = lines_;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    sink_->logger.info("{} {}: {}", prefix_, level, rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
}

void MailLog::flush() { sink_->logger.flush(); }

}  // namespace sluice::control
