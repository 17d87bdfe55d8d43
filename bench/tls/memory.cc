// Memory of an idle TLS session of the server: every octet that OpenSSL has allocated for it and
// not given back once the handshake is over and a command was answered, and our own object.
#include <openssl/crypto.h>

#include <cstdlib>
#include <deque>

#include "bench/tls/certificate.h"
#include "bench/tls/report.h"
#include "bench/tls/wire.h"
#include "tls/context.h"
#include "tls/stream.h"

namespace sluice::bench {
namespace {

constexpr double kBound = 20 * 1024;
constexpr std::uint64_t kMallocHeader = 8;  // what glibc keeps of its own beside each block

enum Side : std::uint64_t { kOther, kServer };
Side side = kOther;
std::uint64_t held[2];

struct alignas(16) Header {
  std::uint64_t size;
  Side owner;
};

void* allocate(std::size_t size, const char*, int) {
  auto* header = static_cast<Header*>(std::malloc(sizeof(Header) + size));
  if (header == nullptr) return nullptr;
  *header = {(size + kMallocHeader + 15) / 16 * 16, side};
  held[side] += header->size;
  return header + 1;
}

void release(void* block, const char*, int) {
  if (block == nullptr) return;
  Header* header = static_cast<Header*>(block) - 1;
  held[header->owner] -= header->size;
  std::free(header);
}

void* resize(void* block, std::size_t size, const char* file, int line) {
  if (block == nullptr) return allocate(size, file, line);
  const Header* header = static_cast<Header*>(block) - 1;
  void* fresh = allocate(size, file, line);
  if (fresh == nullptr) return nullptr;
  std::memcpy(fresh, block, std::min<std::size_t>(size, header->size));
  release(block, file, line);
  return fresh;
}

struct Pair {
  Pair(tls::ReadBuffers& buffers, SSL_CTX* client_context)
      : server(buffers), client(client_context) {
    SSL_set_connect_state(client.ssl.get());
  }
  void shake_hands() {
    SSL_do_handshake(client.ssl.get());
    wire.take_from(client.output);
    side = kServer;
    server.session().handshake();
    side = kOther;
    wire.give_to(client.input);
  }
  void talk() {
    char octets[64];
    SSL_write(client.ssl.get(), "NOOP\r\n", 6);
    wire.take_from(client.output);
    side = kServer;
    const ByteView command = server.readable();
    server.consume(command.size());
    server.write(as_bytes("250 ok\r\n"));
    side = kOther;
    wire.give_to(client.input);
    SLUICE_ASSERT(command.size() == 6 && SSL_read(client.ssl.get(), octets, sizeof octets) == 8);
    wire.clear_input();
  }

  FlatStream wire;
  tls::Stream server;
  MemoryPeer client;
};

double idle_bytes(int protocol, int sessions) {
  const auto context = *tls::Context::server(one_identity(KeyKind::ecdsa), {});
  tls::SslContextPtr client_context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_max_proto_version(client_context.get(), protocol);
  tls::ReadBuffers buffers(4);
  std::deque<Pair> pairs;
  const std::uint64_t before = held[kServer];
  for (int i = 0; i < sessions; ++i) {
    Pair& pair = pairs.emplace_back(buffers, client_context.get());
    side = kServer;
    SLUICE_ASSERT(pair.server.session().accept(*context, pair.wire));
    side = kOther;
    for (int step = 0; step < 4; ++step) pair.shake_hands();
    side = kServer;
    pair.server.session().carry_on(pair.wire);
    side = kOther;
    pair.talk();
  }
  const double own =
      sizeof(tls::Stream) + (protocol == TLS1_3_VERSION ? double{sizeof(tls::RecordLayer)} : 0);
  return static_cast<double>(held[kServer] - before) / sessions + own;
}

}  // namespace

void count_allocations() {
  SLUICE_ASSERT(CRYPTO_set_mem_functions(allocate, resize, release) == 1);
}

Figures measure_memory(int sessions) {
  Figures figures;
  idle_bytes(TLS1_3_VERSION, 2);  // what OpenSSL makes once
  for (const auto& [name, protocol] :
       {std::pair{"TLS 1.3", TLS1_3_VERSION}, {"TLS 1.2", TLS1_2_VERSION}}) {
    const double bytes = idle_bytes(protocol, sessions);
    figures.push_back(
        {std::string("idle session, ") + name, "octets", bytes, kBound, bytes / kBound, "<= 1"});
  }
  return figures;
}

}  // namespace sluice::bench
