#include "tls/session.h"

#include <new>
#include <span>
#include <utility>

#include "engine/base/contract.h"
#include "tls/context.h"
#include "tls/stream_bio.h"

namespace sluice::tls {
namespace {

void common_name(X509_NAME* name, std::span<char> out) noexcept {
  X509_NAME_get_text_by_NID(name, NID_commonName, out.data(), static_cast<int>(out.size()));
}

}  // namespace

bool Session::start(const Context& context, ByteStream& wire) noexcept {
  reset();
  clear_errors();
  SslPtr ssl(SSL_new(context.get()));
  BioPtr bio = make_stream_bio(wire);
  if (!ssl || !bio) return false;
  BIO* const both = bio.release();
  SSL_set_bio(ssl.get(), both, both);
  ssl_ = std::move(ssl);
  return true;
}

bool Session::accept(const Context& context, ByteStream& wire) noexcept {
  if (!start(context, wire)) return false;
  SSL_set_accept_state(ssl_.get());
  handover_.reset(new (std::nothrow) Handover);
  if (handover_) handover_->watch(ssl_.get());
  return true;
}

bool Session::connect(const Context& context, ByteStream& wire, const char* server_name) noexcept {
  if (!start(context, wire)) return false;
  SSL_set_connect_state(ssl_.get());
  return SSL_set_tlsext_host_name(ssl_.get(), server_name) == 1 &&
         SSL_set1_host(ssl_.get(), server_name) == 1;
}

bool Session::connect(const Context& context, ByteStream& wire, const PeerPolicy& policy) noexcept {
  if (!start(policy.context ? *policy.context : context, wire)) return false;
  SSL_set_connect_state(ssl_.get());
  return prepare(ssl_.get(), policy);
}

void Session::move_to(ByteStream& wire) noexcept { set_stream(SSL_get_rbio(ssl_.get()), wire); }

void Session::carry_on(Carrier& wire) noexcept {
  SLUICE_ASSERT(established_ && !records_);
  const std::unique_ptr<Handover> handover = std::move(handover_);
  if (!handover) return;
  SSL_set_msg_callback(ssl_.get(), nullptr);
  if (!handover->secrets.complete()) return;
  clear_errors();
  std::unique_ptr<RecordLayer> records(new (std::nothrow) RecordLayer);
  const SSL_CIPHER* const suite = SSL_get_current_cipher(ssl_.get());
  if (!records || !records->start(suite, *handover, wire)) return clear_errors();
  records_ = std::move(records);
  // It is asked about later.
  if (SSL_get0_peer_certificate(ssl_.get()) == nullptr) ssl_.reset();
}

void Session::reset() noexcept {
  records_.reset();
  ssl_.reset();
  handover_.reset();
  failure_ = {};
  established_ = failed_ = false;
}

Outcome Session::handshake() noexcept {
  if (failed_) return Outcome::failed;
  clear_errors();
  const SecretsWanted wanted(handover_ ? &handover_->secrets : nullptr);
  const Outcome outcome = result(SSL_do_handshake(ssl_.get()), "the peer left in the handshake");
  if (outcome != Outcome::done) return outcome;
  established_ = true;
  protocol_ = SSL_get_version(ssl_.get());
  cipher_ = SSL_get_cipher_name(ssl_.get());
  resumed_ = SSL_session_reused(ssl_.get()) == 1;
  return outcome;
}

Outcome Session::read(MutableBytes into, std::size_t& count) noexcept {
  count = 0;
  if (failed_) return Outcome::failed;
  clear_errors();
  if (records_) return result(records_->read(into, count));
  return result(SSL_read_ex(ssl_.get(), into.data(), into.size(), &count),
                "the peer left without close_notify");
}

Outcome Session::peek(MutableBytes into, std::size_t& count) noexcept {
  count = 0;
  if (failed_) return Outcome::failed;
  clear_errors();
  if (records_) return result(records_->peek(into, count));
  return result(SSL_peek_ex(ssl_.get(), into.data(), into.size(), &count),
                "the peer left without close_notify");
}

Outcome Session::write(ByteView octets, std::size_t& count) noexcept {
  count = 0;
  if (failed_) return Outcome::failed;
  clear_errors();
  if (records_) return result(records_->write(octets, count));
  return result(SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &count),
                "the connection is closed");
}

Outcome Session::close() noexcept {
  if (failed_ || !established_) return failed_ ? Outcome::failed : Outcome::done;
  clear_errors();
  if (records_) return result(records_->close());
  const int returned = SSL_shutdown(ssl_.get());
  return returned >= 0 ? Outcome::done : result(returned, "the connection is closed");
}

// The one place that knows what OpenSSL's results mean.
Outcome Session::result(int returned, std::string_view what) noexcept {
  if (returned > 0) return Outcome::done;
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ: return Outcome::want_input;
    case SSL_ERROR_WANT_WRITE: return Outcome::want_output;
    case SSL_ERROR_ZERO_RETURN: return Outcome::closed;
    default: return fail(what);
  }
}

Outcome Session::result(Outcome outcome) noexcept {
  return outcome == Outcome::failed ? fail("no detail") : outcome;
}

Outcome Session::fail(std::string_view what) noexcept {
  failure_ = take_failure(what);
  failed_ = true;
  return Outcome::failed;
}

const char* Session::server_name() const noexcept {
  return ssl_ ? SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name) : nullptr;
}

PeerCheck Session::peer(const PeerPolicy& policy) const { return check_peer(ssl_.get(), policy); }

ClientCertificate Session::client_certificate() const noexcept {
  ClientCertificate found;
  if (!ssl_) return found;
  X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr) return found;
  const long verdict = SSL_get_verify_result(ssl_.get());
  found.shown = true;
  found.verified = verdict == X509_V_OK;
  found.fault = X509_verify_cert_error_string(verdict);
  common_name(X509_get_subject_name(certificate), found.subject);
  common_name(X509_get_issuer_name(certificate), found.issuer);
  return found;
}

std::vector<CertificatePtr> Session::peer_chain() const {
  std::vector<CertificatePtr> chain;
  const STACK_OF(X509)* sent = SSL_get_peer_cert_chain(ssl_.get());
  for (int i = 0; i < sk_X509_num(sent); ++i) {
    X509_up_ref(sk_X509_value(sent, i));
    chain.emplace_back(sk_X509_value(sent, i));
  }
  return chain;
}

}  // namespace sluice::tls
