#include "engine/control/tls_reporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "engine/control/ask_worker.h"
#include "engine/control/engine.h"
#include "engine/control/tls_report_json.h"
#include "engine/web/tlsrpt_record.h"

namespace sluice::control {
namespace {

using nlohmann::json;

constexpr Duration kCollectPeriod = seconds(30);
constexpr int kReportsPerRound = 16;
constexpr std::size_t kOutgoingMax = 4'096;    // reports by HTTPS that wait
constexpr Duration kFirstPause = minutes(15);  // doubles, RFC 8460 5.4
constexpr Duration kGiveUp = hours(24);

}  // namespace

bool TlsReporter::enabled() const { return !engine_.config().tlsrpt.contact.empty(); }

void TlsReporter::warn(const std::string& text) {
  if (!text.empty()) engine_.note(mail::EventKind::engine_warning, "TLS reports: " + text);
}

void TlsReporter::open(WallTime now) {
  configure();
  warn(reports_.open(engine_.config().queue.directory + "/tls_reports", now));
}

void TlsReporter::configure() {
  const config::TlsReports& settings = engine_.config().tlsrpt;
  reports_.configure(settings.domains_max, settings.delay_max);
}

// Between the last collection and midnight some seconds pass: they count for the day before.
void TlsReporter::poll(WallTime now) {
  if (!enabled()) return;
  if (now >= collect_at_ || now >= reports_.today().ends) {
    collect_at_ = now + kCollectPeriod;
    collect();
    reports_.roll(now, random_);
    warn(reports_.store());
  }
  send_due(now);
  take_posted(now);
  post_due(now);
}

void TlsReporter::close(WallTime now) {
  if (!enabled()) return;
  collect();
  reports_.roll(now, random_);
  warn(reports_.store());
}

void TlsReporter::collect() {
  for (auto& worker : engine_.workers()) {
    auto tally = std::make_shared<delivery::TlsTally>();
    if (engine_.on_worker(
            *worker, [tally](worker::Worker& w, Instant) { *tally = w.delivery().take_tally(); }))
      reports_.merge(*tally);
  }
}

void TlsReporter::send_due(WallTime now) {
  bool sent = false;
  for (int i = 0; i < kReportsPerRound; ++i) {
    const auto due = reports_.next_due(now);
    if (!due) break;
    send_one(*due, now);
    sent = true;
  }
  if (sent) warn(reports_.store());
}

void TlsReporter::send_one(const TlsReports::Due& due, WallTime now) {
  const config::Config& config = engine_.config();
  const config::TlsReports& settings = config.tlsrpt;
  const ReportFrame frame{settings.organization.empty() ? config.hostname : settings.organization,
                          settings.contact, config.hostname, due.begins, due.ends};
  std::string body = gzip(tls_report_text(frame, due.domain, due.tally));
  delivery::GeneratedMail mail = tls_report_mail(frame, due.domain, body);
  for (const std::string& uri : due.tally.uris) {
    if (const auto address = web::mailto_address(uri))
      mail.recipients.push_back(*address);
    else if (!uri.starts_with("mailto:") && outgoing_.size() < kOutgoingMax)
      outgoing_.push_back({++tokens_, due.domain, uri, body, now, now + kGiveUp, kFirstPause});
  }
  if (!mail.recipients.empty()) send_mail(std::move(mail), due.domain);
}

void TlsReporter::send_mail(delivery::GeneratedMail mail, const std::string& domain) {
  const std::string to = fmt::format("{}", fmt::join(mail.recipients, ", "));
  const auto stored = std::make_shared<std::atomic<bool>>(false);
  engine_.on_worker(
      *engine_.workers().front(),
      [mail = std::move(mail), stored](worker::Worker& w, Instant) { *stored = w.submit(mail); });
  if (*stored)
    engine_.note(mail::EventKind::engine_info, fmt::format("TLS report for {} to {}", domain, to));
  else
    warn("the one for " + domain + " could not be sent: the queue took no mail");
}

void TlsReporter::post_due(WallTime now) {
  const config::TlsReports& settings = engine_.config().tlsrpt;
  for (Outgoing& report : outgoing_) {
    if (report.under_way || report.next > now) continue;
    report.under_way = web_.post({report.token,
                                  {.url = report.url,
                                   .body = report.body,
                                   .content_type = std::string(kReportMediaType),
                                   .ca_file = settings.ca_file,
                                   .private_addresses = settings.private_addresses,
                                   .timeout = settings.timeout}});
    if (!report.under_way) return;
  }
}

void TlsReporter::take_posted(WallTime now) {
  for (web::WebThread::Posted posted; web_.next_posted(posted);) {
    const auto report = std::ranges::find(outgoing_, posted.token, &Outgoing::token);
    if (report == outgoing_.end()) continue;
    const web::HttpsResult& result = posted.result;
    const bool taken = result.status >= 200 && result.status < 300;
    const std::string said =
        result.trouble.empty() ? fmt::format("HTTP status {}", result.status) : result.trouble;
    report->under_way = false;
    report->next = now + report->pause;
    report->pause = report->pause * 2;
    if (taken)
      engine_.note(mail::EventKind::engine_info,
                   fmt::format("TLS report for {} to {}", report->domain, report->url));
    else
      warn(
          fmt::format("the one for {} was not taken by {}: {}", report->domain, report->url, said));
    if (taken || report->next > report->give_up) outgoing_.erase(report);
  }
}

json TlsReporter::show(WallTime now) {
  if (!enabled()) return fault("[tlsrpt] contact is not set: nothing is counted");
  collect();
  reports_.roll(now, random_);
  return {{"since", rfc3339(reports_.today().begins)},
          {"domains", tally_json(reports_.today().tally)},
          {"beyond", reports_.today().tally.beyond()},
          {"days_waiting", reports_.waiting()}};
}

json TlsReporter::send(WallTime now) {
  if (!enabled()) return fault("[tlsrpt] contact is not set: nothing is counted");
  collect();
  const std::size_t domains = reports_.today().tally.domains().size();
  reports_.roll(now, random_, true);
  return {{"domains", domains}};
}

}  // namespace sluice::control
