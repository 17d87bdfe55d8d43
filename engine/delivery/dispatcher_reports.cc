// What the reports on TLS (RFC 8460) are told of sessions and of look-ups. Nothing is counted for a
// domain that wants no report.
#include <utility>

#include "engine/delivery/dispatcher.h"
#include "engine/delivery/sts.h"

namespace sluice::delivery {
namespace {

TlsResult result_of(tls::CertificateFault fault) noexcept {
  switch (fault) {
    case tls::CertificateFault::name: return TlsResult::certificate_host_mismatch;
    case tls::CertificateFault::dates: return TlsResult::certificate_expired;
    case tls::CertificateFault::issuer: return TlsResult::certificate_not_trusted;
    default: return TlsResult::validation_failure;
  }
}

TlsResult result_of(web::StsFault fault) noexcept {
  switch (fault) {
    case web::StsFault::invalid: return TlsResult::sts_policy_invalid;
    case web::StsFault::certificate: return TlsResult::sts_webpki_invalid;
    default: return TlsResult::sts_policy_fetch_error;
  }
}

}  // namespace

void Dispatcher::count_failure(const Destination& destination, const TlsPolicy& policy,
                               TlsFailure failure) {
  if (destination.reports_to.empty()) return;
  tally_.add_failure(destination.name(), destination.reports_to, policy, std::move(failure));
}

void Dispatcher::count_session(OutboundConnection& connection, TlsResult result,
                               std::string_view reason) {
  const Destination& destination = connection.destination();
  if (destination.reports_to.empty()) return;
  const HopReport& hop = destination.reported(connection.hop());
  if (result == TlsResult::success)
    return tally_.add_success(destination.name(), destination.reports_to, *hop.policy);
  count_failure(destination, *hop.policy,
                {result, hop.host, connection.connection()->local().address,
                 connection.connection()->remote().address, std::string(reason)});
}

// The session is encrypted: was it so by the policy?
void Dispatcher::count_encrypted(OutboundConnection& connection) {
  const HopReport& hop = connection.destination().reported(connection.hop());
  const tls::PeerPolicy& policy = connection.destination().policy(connection.hop());
  if (hop.unusable) return count_session(connection, TlsResult::tlsa_invalid, "");
  if (looks_at_certificate(policy) && !connection.peer().verified)
    return count_session(connection, result_of(connection.peer().fault), connection.peer().reason);
  if (!hop.listed)
    return count_session(connection, TlsResult::validation_failure,
                         "the MX host is not in the policy");
  count_session(connection, TlsResult::success, "");
}

// It is not, or it is over before it was.
void Dispatcher::count_unencrypted(OutboundConnection& connection) {
  const tls::PeerPolicy& policy = connection.destination().policy(connection.hop());
  if (policy.level == tls::Level::none) return;
  switch (connection.session().tls_trouble()) {
    case smtp::TlsTrouble::failed: {
      const bool certificate = is_certificate_failure(connection.tls_failure());
      const TlsResult result =
          certificate ? result_of(connection.peer().fault) : TlsResult::validation_failure;
      return count_session(connection, result, connection.tls_failure().view());
    }
    case smtp::TlsTrouble::none:
      if (connection.phase() == OutboundConnection::Phase::greeting &&
          !connection.session().ready())
        return;  // it ended for another reason
      [[fallthrough]];
    default: count_session(connection, TlsResult::starttls_not_supported, "");
  }
}

void Dispatcher::count_look_up(const Destination& destination, const MailHosts& found,
                               const web::StsState& state,
                               const std::vector<std::string>& refused) {
  const TlsPolicy dane{.type = TlsPolicy::Type::tlsa};
  for (const std::string& host : found.bogus)
    count_failure(destination, dane, {.result = TlsResult::dnssec_invalid, .host = host});
  // The domain has a policy even when it could not be had.
  TlsPolicy sts = sts_policy(state.policy.get());
  if (state.fault != web::StsFault::none) sts.type = TlsPolicy::Type::sts;
  if (state.fault != web::StsFault::none)
    count_failure(destination, sts, {.result = result_of(state.fault), .reason = state.trouble});
  for (const std::string& host : refused)
    count_failure(destination, sts,
                  {.result = TlsResult::validation_failure,
                   .host = host,
                   .reason = "the MX host is not in the policy"});
}

}  // namespace sluice::delivery
