// The other way round: octets of a peer without keys to a session that delivers mail, before the
// handshake or after it, with the names of a policy or with TLSA records. Whatever they are, none
// is taken for plain text, and no peer is verified by them. The first octet says when they come and
// how they are cut.
#include <openssl/err.h>

#include "engine/base/contract.h"
#include "tests/support/certificates.h"
#include "tests/support/memory_stream.h"
#include "tls/context.h"
#include "tls/stream.h"

namespace {

using namespace sluice;

struct Contexts {
  Contexts() {
    std::vector<tls::Identity> identities;
    identities.push_back(test::make_identity("mx.example"));
    server = *tls::Context::server(std::move(identities), {});
    client = *tls::Context::client({});
    named.level = dane.level = tls::Level::required_verify;
    named.server_name = dane.server_name = "mx.example";
    dane.tlsa = {{3, 1, 1, std::vector<std::uint8_t>(32, 7)}};
  }
  std::shared_ptr<const tls::Context> server, client;
  tls::PeerPolicy named, dane;
};

void expect_nothing(tls::Stream& client, const tls::PeerPolicy& policy) {
  if (!client.session().established()) return;
  SLUICE_ASSERT(client.readable().empty());
  SLUICE_ASSERT(!client.session().peer(policy).verified);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Contexts contexts;
  if (size == 0) return 0;
  const bool established = (data[0] & 1) != 0;
  const tls::PeerPolicy& policy = (data[0] & 2) != 0 ? contexts.dane : contexts.named;
  const std::size_t piece = 1 + data[0] / 4U * 16;
  test::MemoryPipe pipe;
  tls::ReadBuffers buffers(1);
  tls::Stream client(buffers);
  tls::Session server;
  SLUICE_ASSERT(client.session().connect(*contexts.client, pipe.client, policy));
  if (established) {
    SLUICE_ASSERT(server.accept(*contexts.server, pipe.server));
    for (int round = 0; round < 3; ++round) {
      client.session().handshake();
      server.handshake();
    }
    SLUICE_ASSERT(client.session().established());
  } else {
    client.session().handshake();  // its first words
  }
  for (std::size_t at = 1; at < size; at += piece) {
    pipe.client.arrived.append(as_text({data + at, std::min(piece, size - at)}));
    if (!client.session().established()) client.session().handshake();
    expect_nothing(client, policy);
    client.park();
    SLUICE_ASSERT(ERR_peek_error() == 0);
  }
  pipe.client.finished = true;
  expect_nothing(client, policy);
  return 0;
}
