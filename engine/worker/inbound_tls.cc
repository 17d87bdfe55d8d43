// TLS of an inbound connection: where its handshake runs, and what becomes of it.
#include <utility>

#include "engine/worker/handshake_offload.h"
#include "engine/worker/inbound.h"

namespace sluice::worker {
namespace {

constexpr smtp::Reply kTooManyHandshakes{
    454, "4.7.0", "Too many TLS handshakes from your address, try again later"};

}  // namespace

std::optional<smtp::Reply> Inbound::check_starttls() {
  if (core_->handshake_rates.take(peer_.address, listener_->handshake_rate, now_)) return {};
  core_->counters.handshakes_refused.add();
  core_->events.emit({.kind = mail::EventKind::link_tls_failed,
                      .icid = icid_,
                      .number = kTooManyHandshakes.code,
                      .remote = peer_,
                      .text = {kTooManyHandshakes.text}});
  return kTooManyHandshakes;
}

// The 220 to STARTTLS has gone out, or TLS comes first. From here on there is no way back to clear
// text. One step; false when nothing can go on until something changes.
bool Inbound::start_tls(Instant now) {
  if (!tls_) {
    if (!send_output()) return false;
    core_->counters.handshakes.add();
    tls_ = std::make_unique<tls::Stream>(core_->tls_buffers);
    if (!tls_->session().accept(*listener_->tls, *connection_)) {
      tls_failed(tls::take_failure("no memory"));
      return false;
    }
    shakes_elsewhere_ = core_->handshakes != nullptr && core_->handshakes->takes_one(now);
    if (shakes_elsewhere_) core_->counters.handshakes_offloaded.add();
  }
  if (!shakes_elsewhere_) return end_step(tls_->session().handshake(), now);
  return job_ == nullptr ? lend_session() : take_back(now);
}

// Done: the session goes on inside TLS.
bool Inbound::end_step(tls::Outcome outcome, Instant now) {
  tls::Session& session = tls_->session();
  switch (outcome) {
    case tls::Outcome::done:
      session.carry_on(*connection_);
      stream_ = tls_.get();
      emit(mail::EventKind::link_tls_success, session.protocol(), session.cipher());
      if (asks_for_certificate()) note_client_certificate();
      session_.tls_started(now);
      return true;
    case tls::Outcome::want_input:
    case tls::Outcome::want_output: return false;
    default: tls_failed(session.failure()); return false;
  }
}

// To an offload core, with what the connection has. Only for a step that has octets to work on: a
// peer that says nothing holds no job.
bool Inbound::lend_session() {
  if (connection_->readable().empty() && !connection_->read_finished()) return false;
  if (!core_->handshakes->has_room()) {
    if (!handshake.linked()) core_->handshake_waiters.push_back(*this);
    return false;
  }
  job_ = &core_->handshakes->begin(self_.packed());
  job_->session = std::move(tls_->session());
  job_->session.move_to(job_->wire);
  submit_job();
  return false;
}

void Inbound::submit_job() {
  job_->wire.lend(connection_->readable(), connection_->read_finished());
  core_->handshakes->submit(*job_);
}

// The octets of the connection that the step has used go; what it has written is sent.
bool Inbound::take_back(Instant now) {
  HandshakeJob& job = *job_;
  if (job.in_flight) return false;
  if (const std::size_t used = job.wire.settle(); used > 0) connection_->consume(used);
  while (!job.wire.output().empty()) {
    const std::size_t sent = connection_->write(job.wire.output());
    if (sent == 0) return false;
    job.wire.output_sent(sent);
  }
  if (job.outcome == tls::Outcome::want_output) {  // it had more to say than a job takes
    submit_job();
    return false;
  }
  const tls::Outcome outcome = job.outcome;
  job.session.move_to(*connection_);
  tls_->session() = std::move(job.session);
  core_->handshakes->end(*std::exchange(job_, nullptr));
  // There may be more octets already: then the next step begins at once.
  return end_step(outcome, now) || (outcome == tls::Outcome::want_input && lend_session());
}

bool Inbound::asks_for_certificate() const noexcept {
  return listener_->config->client_certificates != config::ClientCertificates::off;
}

void Inbound::note_client_certificate() {
  const tls::ClientCertificate client = tls_->session().client_certificate();
  core_->events.emit(
      {.kind = mail::EventKind::link_tls_client,
       .icid = icid_,
       .remote = peer_,
       .text = {client.subject.data(), client.issuer.data(), client.verified ? "" : client.fault}});
}

void Inbound::tls_failed(const tls::Failure& failure) {
  core_->events.emit({.kind = mail::EventKind::link_tls_failed,
                      .icid = icid_,
                      .number = static_cast<std::int64_t>(failure.code),
                      .remote = peer_,
                      .text = {failure.view()}});
  lose({});  // the reason stands in the log already
}

}  // namespace sluice::worker
