// Octets of somebody without keys to a server's session: before the handshake, after it with
// OpenSSL or after it with our own record layer. Whatever they are, none is taken for plain text.
// The first octet says when they come and how they are cut.
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
  }
  std::shared_ptr<const tls::Context> server, client;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Contexts contexts;
  if (size == 0) return 0;
  const bool established = (data[0] & 1) != 0;
  const bool carries_on = (data[0] & 2) != 0;
  const std::size_t piece = 1 + data[0] / 4U * 16;
  test::MemoryPipe pipe;
  tls::ReadBuffers buffers(1);
  tls::Stream server(buffers);
  tls::Session client;
  SLUICE_ASSERT(server.session().accept(*contexts.server, pipe.server));
  if (established) {
    SLUICE_ASSERT(client.connect(*contexts.client, pipe.client, "mx.example"));
    for (int round = 0; round < 3; ++round) {
      client.handshake();
      server.session().handshake();
    }
    SLUICE_ASSERT(server.session().established());
    if (carries_on) server.session().carry_on(pipe.server);
  }
  for (std::size_t at = 1; at < size; at += piece) {
    pipe.server.arrived.append(as_text({data + at, std::min(piece, size - at)}));
    if (!server.session().established()) server.session().handshake();
    if (server.session().established()) SLUICE_ASSERT(server.readable().empty());
    server.park();
    SLUICE_ASSERT(ERR_peek_error() == 0);
  }
  pipe.server.finished = true;
  if (server.session().established()) SLUICE_ASSERT(server.readable().empty());
  return 0;
}
