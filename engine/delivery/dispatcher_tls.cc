// What a delivery makes of TLS: what the client session is told to do, and what the log and the
// alerts are told about it.
#include <algorithm>

#include "engine/delivery/dispatcher.h"

namespace sluice::delivery {
namespace {

struct Lack {
  std::string_view said;  // in the log
  std::string_view kind;  // in the table of an alert
};

Lack lack_of(const OutboundConnection& connection, smtp::TlsTrouble trouble) noexcept {
  switch (trouble) {
    case smtp::TlsTrouble::no_ehlo: return {"EHLO not supported", "no EHLO"};
    case smtp::TlsTrouble::not_offered: return {"STARTTLS not offered", "no STARTTLS"};
    case smtp::TlsTrouble::refused: return {"STARTTLS unexpected response", "STARTTLS refused"};
    default: break;
  }
  const tls::Failure& failure = connection.tls_failure();
  if (failure.view().empty()) return {"timed out", "handshake timed out"};
  return {failure.view(), tls::is_certificate_failure(failure) ? "certificate" : "handshake"};
}

}  // namespace

// RFC 7435: what can be had without proof is used without proof; a password only inside TLS.
void Dispatcher::set_client(const OutboundConnection& connection) noexcept {
  const Destination& destination = connection.destination();
  const PeerRule& rule = destination.rule();
  const tls::PeerPolicy& policy = destination.policy(connection.hop());
  client_settings_.lmtp = destination.lmtp();
  client_settings_.credentials = destination.credentials();
  const bool must = tls::demands_tls(policy.level) || destination.credentials().given();
  const bool possible = policy.context != nullptr && house_.tls_buffers != nullptr;
  if (!must && (policy.level == tls::Level::none || !possible))
    client_settings_.tls = smtp::ClientTls::never;
  else if (rule.implicit)
    client_settings_.tls = smtp::ClientTls::implicit;
  else if (must)
    client_settings_.tls = smtp::ClientTls::required;
  else
    client_settings_.tls = smtp::ClientTls::preferred;
}

// A message without this line in the log did not go over TLS.
void Dispatcher::report_tls(OutboundConnection& connection) {
  if (!connection.session().encrypted() || connection.tls_reported) return;
  connection.tls_reported = true;
  count_encrypted(connection);
  std::string verified;
  if (tls::looks_at_certificate(connection.destination().policy(connection.hop())))
    verified =
        connection.peer().verified ? "verified" : "not verified: " + connection.peer().reason;
  house_.events->emit({.kind = mail::EventKind::delivery_tls_success,
                       .dcid = connection.dcid(),
                       .text = {connection.tls().protocol(), connection.tls().cipher(), verified}});
}

void Dispatcher::report_no_tls(OutboundConnection& connection, mail::EventKind kind) {
  const smtp::TlsTrouble trouble = connection.session().tls_trouble();
  const Lack lack = lack_of(connection, trouble);
  const bool library = trouble == smtp::TlsTrouble::failed;
  house_.events->emit(
      {.kind = kind,
       .dcid = connection.dcid(),
       .number = library ? static_cast<std::int64_t>(connection.tls_failure().code) : 0,
       .remote = connection.connection()->remote(),
       .text = {connection.destination().name(), lack.said, lack.kind}});
}

// The session ended before a message could be sent.
void Dispatcher::greeting_failed(OutboundConnection& connection) {
  const smtp::ClientSession& session = connection.session();
  ConnectTrouble trouble{.details = session.failure(),
                         .reason = "unexpected SMTP response",
                         .local = connection.connection()->local()};
  std::string said;  // "454-'TLS not available'"
  if (session.failure_code() != 0) {
    const std::string_view text = session.failure();
    said = std::to_string(session.failure_code()) + "-'" +
           std::string(text.substr(std::min<std::size_t>(4, text.size()))) + "'";
    trouble.details = said;
  }
  const bool strict = connection.destination().rule().requiretls;
  switch (session.tls_trouble()) {
    case smtp::TlsTrouble::none: break;
    case smtp::TlsTrouble::failed:
      trouble.reason = "TLS handshake failed";
      trouble.status = strict ? "5.7.10" : "4.7.5";
      break;
    case smtp::TlsTrouble::not_offered: trouble.reason = "TLS required"; [[fallthrough]];
    default: trouble.status = strict ? "5.7.10" : "4.7.10";
  }
  if (session.auth_trouble()) {  // ours to mend: nothing is returned to senders
    trouble.reason = "AUTH failed";
    trouble.status = "4.7.8";
  }
  // RFC 5321 3.8: 421, or no answer at all. Other refusals are meant for every connection.
  const bool crowded = session.failure_code() == 0 || session.failure_code() == 421;
  trouble.one_of_many =
      crowded && session.tls_trouble() == smtp::TlsTrouble::none && pushed_back(connection);
  count_unencrypted(connection);
  connect_failed(connection.destination(), connection.hop(), connection.dcid(), trouble);
  if (session.tls_trouble() != smtp::TlsTrouble::none)
    report_no_tls(connection, mail::EventKind::delivery_tls_failed);
}

// The session is ready for its first message. False when it is of no use.
bool Dispatcher::greeting_done(OutboundConnection& connection) {
  Destination& destination = connection.destination();
  --destination.opening;
  if (!connection.session().encrypted()) count_unencrypted(connection);
  if (connection.session().tls_trouble() == smtp::TlsTrouble::refused)
    report_no_tls(connection, mail::EventKind::delivery_tls_missing);
  // RFC 8689 4.2.1: a next hop that does not know REQUIRETLS would not pass it on.
  if (destination.rule().requiretls && !connection.session().capabilities().requiretls) {
    connect_failed(destination, connection.hop(), connection.dcid(),
                   {.details = "the next hop does not offer REQUIRETLS",
                    .reason = "REQUIRETLS",
                    .status = "5.7.30",
                    .local = connection.connection()->local()});
    connection.quit(now_);
    return false;
  }
  destination.hop_works(connection.hop());
  connection.limits.begin(connection.session().capabilities(),
                          config_->delivery.messages_per_connection);
  if (destination.waiting() > destination.opening) attend(destination);  // after a probe
  return true;
}

}  // namespace sluice::delivery
