// CPU of the server's side of a handshake: tls::Session beside a bare OpenSSL loop over memory
// BIOs, one handshake of each in turn, for each kind of key, protocol and resumption. The reference
// runs twice: over the engine's own SSL_CTX, which shows what tls::Session adds, and over one with
// OpenSSL's defaults and the same certificate, which shows what the settings give.
#include <fmt/format.h>

#include "bench/tls/certificate.h"
#include "bench/tls/report.h"
#include "bench/tls/wire.h"
#include "tls/context.h"
#include "tls/session.h"

namespace sluice::bench {
namespace {

constexpr int kStepsMax = 8;

struct Case {
  KeyKind key;
  int protocol;
  bool resumed;
};

class Server {
 public:
  virtual ~Server() = default;
  virtual void begin() = 0;  // timed
  virtual bool step() = 0;   // timed; true: established
  virtual void end() = 0;    // timed
  virtual void take_from(BIO* peer_output) = 0;
  virtual void give_to(BIO* peer_input) = 0;
};

class OurServer final : public Server {
 public:
  explicit OurServer(const tls::Context& context) : context_(context) {}
  void begin() override { SLUICE_ASSERT(session_.accept(context_, stream_)); }
  bool step() override {
    const tls::Outcome outcome = session_.handshake();
    SLUICE_ASSERT(outcome != tls::Outcome::failed);
    if (outcome != tls::Outcome::done) return false;
    session_.carry_on(stream_);
    return true;
  }
  void end() override { session_.reset(); }
  void take_from(BIO* peer_output) override { stream_.take_from(peer_output); }
  void give_to(BIO* peer_input) override { stream_.give_to(peer_input); }

 private:
  const tls::Context& context_;
  FlatStream stream_;
  tls::Session session_;
};

class BareServer final : public Server {
 public:
  explicit BareServer(SSL_CTX* context) : context_(context) {}
  void begin() override {
    peer_.emplace(context_);
    SSL_set_accept_state(peer_->ssl.get());
  }
  bool step() override { return SSL_do_handshake(peer_->ssl.get()) == 1; }
  void end() override { peer_.reset(); }
  void take_from(BIO* peer_output) override { move(peer_output, peer_->input); }
  void give_to(BIO* peer_input) override { move(peer_->output, peer_input); }

 private:
  SSL_CTX* context_;
  std::optional<MemoryPeer> peer_;
};

using SessionPtr = std::unique_ptr<SSL_SESSION, tls::Freer<SSL_SESSION_free>>;

// One handshake; the cycles of the server's side. `session` is offered when there is one and then
// replaced by what the server has given.
std::uint64_t shake_hands(Server& server, SSL_CTX* client_context, SessionPtr& session,
                          bool expect_resumed) {
  std::uint64_t cycles = 0;
  MemoryPeer client(client_context);
  SSL_set_connect_state(client.ssl.get());
  if (session) SSL_set_session(client.ssl.get(), session.get());
  {
    Timed timed(cycles);
    server.begin();
  }
  bool established = false;
  for (int step = 0; step < kStepsMax && !established; ++step) {
    SSL_do_handshake(client.ssl.get());
    server.take_from(client.output);
    {
      Timed timed(cycles);
      established = server.step();
    }
    server.give_to(client.input);
  }
  char octet;
  SSL_read(client.ssl.get(), &octet, 1);  // what is left of the handshake, and TLS 1.3's tickets
  SLUICE_ASSERT(established && SSL_is_init_finished(client.ssl.get()) == 1);
  SLUICE_ASSERT((SSL_session_reused(client.ssl.get()) == 1) == expect_resumed);
  SSL_set_shutdown(client.ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  session.reset(SSL_get1_session(client.ssl.get()));
  {
    Timed timed(cycles);
    server.end();
  }
  return cycles;
}

tls::SslContextPtr plain_context(const SSL_METHOD* method, int protocol) {
  tls::SslContextPtr context(SSL_CTX_new(method));
  SSL_CTX_set_min_proto_version(context.get(), protocol);
  SSL_CTX_set_max_proto_version(context.get(), protocol);
  return context;
}

struct Contender {
  explicit Contender(std::unique_ptr<Server> server_in) : server(std::move(server_in)) {}
  void run(SSL_CTX* client, bool resumed) {
    if (!resumed) session.reset();
    cycles.push_back(shake_hands(*server, client, session, resumed && session));
  }
  std::unique_ptr<Server> server;
  SessionPtr session;
  std::vector<std::uint64_t> cycles;
};

void measure(const Case& what, int rounds, Figures& figures) {
  const tls::Identity identity = make_identity(what.key);
  std::vector<tls::Identity> identities(1);
  identities[0].certificate.reset(X509_dup(identity.certificate.get()));
  EVP_PKEY_up_ref(identity.key.get());
  identities[0].key.reset(identity.key.get());
  const auto context = *tls::Context::server(std::move(identities), {});
  const auto client = plain_context(TLS_client_method(), what.protocol);
  const auto defaults = plain_context(TLS_server_method(), what.protocol);
  SSL_CTX_use_certificate(defaults.get(), identity.certificate.get());
  SSL_CTX_use_PrivateKey(defaults.get(), identity.key.get());

  Contender ours(std::make_unique<OurServer>(*context));
  Contender same(std::make_unique<BareServer>(context->get()));
  Contender plain(std::make_unique<BareServer>(defaults.get()));
  for (int round = 0; round < rounds; ++round)
    for (Contender* contender : {&ours, &same, &plain}) contender->run(client.get(), what.resumed);

  const std::string name = fmt::format(
      "handshake {} {}{}", what.key == KeyKind::rsa ? "RSA-2048" : "ECDSA P-256",
      what.protocol == TLS1_3_VERSION ? "TLS 1.3" : "TLS 1.2", what.resumed ? " resumed" : "");
  const double us = microseconds(median(ours.cycles));
  for (const auto& [suffix, other] :
       {std::pair{", bare", &same}, {", bare with defaults", &plain}}) {
    const double reference = microseconds(median(other->cycles));
    figures.push_back({name + suffix, "us", us, reference, us / reference, "<= 1.10"});
  }
}

}  // namespace

Figures measure_handshakes(int rounds) {
  Figures figures;
  for (const KeyKind key : {KeyKind::ecdsa, KeyKind::rsa})
    for (const int protocol : {TLS1_3_VERSION, TLS1_2_VERSION})
      for (const bool resumed : {false, true}) measure({key, protocol, resumed}, rounds, figures);
  return figures;
}

}  // namespace sluice::bench
