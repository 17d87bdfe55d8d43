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
  if (tls_) return shake_hands(now);
  if (job_ != nullptr) return shake_hands_elsewhere(now);
  if (!send_output()) return false;
  using Place = HandshakeOffload::Place;
  HandshakeOffload* const offload = core_->handshakes;
  switch (offload == nullptr ? Place::here : offload->place(now)) {
    case Place::later:
      if (!handshake.linked()) core_->handshake_waiters.push_back(*this);
      return false;
    case Place::offload_core:
      job_ = &offload->begin(self_.packed());
      core_->counters.handshakes_offloaded.add();
      return accept_tls(job_->session, job_->wire) && shake_hands_elsewhere(now);
    case Place::here: break;
  }
  tls_ = std::make_unique<tls::Stream>(core_->tls_buffers);
  return accept_tls(tls_->session(), *connection_) && shake_hands(now);
}

bool Inbound::accept_tls(tls::Session& session, ByteStream& wire) {
  core_->counters.handshakes.add();
  if (session.accept(*listener_->tls, wire)) return true;
  tls_failed(tls::take_failure("no memory"));
  return false;
}

bool Inbound::shake_hands(Instant now) {
  switch (tls_->session().handshake()) {
    case tls::Outcome::done: tls_succeeded(now); return true;
    case tls::Outcome::want_input:
    case tls::Outcome::want_output: return false;
    default: tls_failed(tls_->session().failure()); return false;
  }
}

// The octets of the connection that the last step has used go; what it has written is sent; then
// the next step gets what the connection has.
bool Inbound::shake_hands_elsewhere(Instant now) {
  HandshakeJob& job = *job_;
  if (job.in_flight) return false;
  if (const std::size_t used = job.wire.settle(); used > 0) connection_->consume(used);
  while (!job.wire.output().empty()) {
    const std::size_t sent = connection_->write(job.wire.output());
    if (sent == 0) return false;
    job.wire.output_sent(sent);
  }
  switch (job.outcome) {
    case tls::Outcome::done: {
      job.session.move_to(*connection_);
      tls_ = std::make_unique<tls::Stream>(core_->tls_buffers, std::move(job.session));
      core_->handshakes->end(*std::exchange(job_, nullptr));
      tls_succeeded(now);
      return true;
    }
    case tls::Outcome::want_input: {
      const ByteView octets = connection_->readable();
      const bool finished = connection_->read_finished();
      if (octets.empty() && !finished) return false;
      job.wire.lend(octets, finished);
      break;
    }
    case tls::Outcome::want_output: break;
    default: tls_failed(job.session.failure()); return false;
  }
  core_->handshakes->submit(job);
  return false;
}

void Inbound::tls_succeeded(Instant now) {
  stream_ = tls_.get();
  emit(mail::EventKind::link_tls_success, tls_->session().protocol(), tls_->session().cipher());
  session_.tls_started(now);
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
