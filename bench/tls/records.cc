// Receiving records of 16 KiB: from the wire's octets to what SMTP reads (tls::Stream::readable),
// beside AES-256-GCM alone over as many octets, as `openssl speed` runs it. Batches take turns.
#include "bench/tls/certificate.h"
#include "bench/tls/report.h"
#include "bench/tls/wire.h"
#include "tls/context.h"
#include "tls/stream.h"

namespace sluice::bench {
namespace {

constexpr std::size_t kRecord = tls::kPlainTextMax;
constexpr int kBatch = 8;  // records; they stay in the second-level cache

class Receiver {
 public:
  Receiver() : buffers_(4), stream_(buffers_) {
    context_ = *tls::Context::server(one_identity(KeyKind::ecdsa), {});
    client_context_.reset(SSL_CTX_new(TLS_client_method()));
    client_.emplace(client_context_.get());
    SSL_set_connect_state(client_->ssl.get());
    SLUICE_ASSERT(stream_.session().accept(*context_, wire_));
    for (int step = 0; step < 4; ++step) {
      SSL_do_handshake(client_->ssl.get());
      wire_.take_from(client_->output);
      stream_.session().handshake();
      wire_.give_to(client_->input);
    }
    SLUICE_ASSERT(stream_.session().established());
    stream_.session().carry_on(wire_);
    SLUICE_ASSERT(std::string_view(stream_.session().cipher()) == "TLS_AES_256_GCM_SHA384");
  }

  SSL_CTX* context() const { return context_->get(); }
  std::uint64_t run() {
    const std::vector<std::uint8_t> text(kRecord, 'x');
    for (int i = 0; i < kBatch; ++i)
      SLUICE_ASSERT(SSL_write(client_->ssl.get(), text.data(), kRecord) == kRecord);
    wire_.take_from(client_->output);
    std::uint64_t cycles = 0;
    std::size_t received = 0;
    {
      Timed timed(cycles);
      for (ByteView octets = stream_.readable(); !octets.empty(); octets = stream_.readable()) {
        received += octets.size();
        stream_.consume(octets.size());
      }
    }
    SLUICE_ASSERT(received == kBatch * kRecord);
    return cycles;
  }

 private:
  FlatStream wire_;
  tls::ReadBuffers buffers_;
  tls::Stream stream_;
  std::shared_ptr<const tls::Context> context_;
  tls::SslContextPtr client_context_;
  std::optional<MemoryPeer> client_;
};

// The reference for what our own code adds: SSL_read_ex over memory BIOs and the same SSL_CTX.
class BareReceiver {
 public:
  explicit BareReceiver(SSL_CTX* context)
      : client_context_(SSL_CTX_new(TLS_client_method())),
        server_(context),
        client_(client_context_.get()) {
    SSL_set_accept_state(server_.ssl.get());
    SSL_set_connect_state(client_.ssl.get());
    for (int step = 0; step < 4; ++step) {
      SSL_do_handshake(client_.ssl.get());
      move(client_.output, server_.input);
      SSL_do_handshake(server_.ssl.get());
      move(server_.output, client_.input);
    }
  }
  std::uint64_t run() {
    const std::vector<std::uint8_t> text(kRecord, 'x');
    for (int i = 0; i < kBatch; ++i) SSL_write(client_.ssl.get(), text.data(), kRecord);
    move(client_.output, server_.input);
    std::uint64_t cycles = 0;
    std::size_t received = 0, count = 0;
    {
      Timed timed(cycles);
      while (SSL_read_ex(server_.ssl.get(), space_.data(), space_.size(), &count) == 1)
        received += count;
    }
    SLUICE_ASSERT(received == kBatch * kRecord);
    return cycles;
  }

 private:
  tls::SslContextPtr client_context_;
  MemoryPeer server_, client_;
  std::vector<std::uint8_t> space_ = std::vector<std::uint8_t>(kRecord);
};

class RawCipher {
 public:
  RawCipher() : context_(EVP_CIPHER_CTX_new()), text_(kRecord, 'x'), out_(kRecord + 16) {
    const std::uint8_t key[32] = {1}, iv[12] = {2};
    SLUICE_ASSERT(EVP_DecryptInit_ex(context_.get(), EVP_aes_256_gcm(), nullptr, key, iv) == 1);
  }
  std::uint64_t run() {
    std::uint64_t cycles = 0;
    {
      Timed timed(cycles);
      for (int i = 0; i < kBatch; ++i) {
        int length = 0;
        EVP_DecryptUpdate(context_.get(), out_.data(), &length, text_.data(), kRecord);
      }
    }
    return cycles;
  }

 private:
  std::unique_ptr<EVP_CIPHER_CTX, tls::Freer<EVP_CIPHER_CTX_free>> context_;
  std::vector<std::uint8_t> text_, out_;
};

double gigabytes_per_second(std::uint64_t cycles) {
  return kBatch * static_cast<double>(kRecord) / microseconds(cycles) / 1000;
}

}  // namespace

Figures measure_records(int rounds) {
  Receiver receiver;
  BareReceiver bare_receiver(receiver.context());
  RawCipher cipher;
  std::vector<std::uint64_t> ours, bare, raw;
  for (int round = 0; round < rounds; ++round) {
    ours.push_back(receiver.run());
    raw.push_back(cipher.run());
    bare.push_back(bare_receiver.run());
  }
  const std::string name = "receiving 16 KiB records, ";
  const double rate = gigabytes_per_second(median(ours));
  Figures figures;
  for (const auto& [suffix, bound, cycles] :
       {std::tuple{"AES-256-GCM alone", ">= 0.90", &raw}, {"bare SSL_read_ex", ">= 0.95", &bare}}) {
    const double reference = gigabytes_per_second(median(*cycles));
    figures.push_back({name + suffix, "GB/s", rate, reference, rate / reference, bound});
  }
  return figures;
}

}  // namespace sluice::bench
