// One TLS connection over a ByteStream. It does no I/O of its own: each call goes as far as the
// octets at hand allow and says what it lacks. Used by one thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/byte_stream.h"
#include "tls/failure.h"
#include "tls/handle.h"
#include "tls/outcome.h"
#include "tls/peer_check.h"
#include "tls/record_layer.h"

namespace sluice::tls {

class Context;

// What the client of a server showed.
struct ClientCertificate {
  bool shown = false;
  bool verified = false;
  std::array<char, 128> subject{};  // common names, cut off
  std::array<char, 128> issuer{};
  const char* fault = "";  // why it is not verified
};

class Session {
 public:
  Session() = default;

  // Begins a connection over `wire`, which outlives it. False: no memory.
  bool accept(const Context& context, ByteStream& wire) noexcept;
  // `server_name` goes out as SNI and, when the context verifies, must be in the certificate.
  bool connect(const Context& context, ByteStream& wire, const char* server_name) noexcept;
  // As the policy asks; `context` unless the policy has its own. False: no memory, or a policy that
  // no certificate can meet.
  bool connect(const Context& context, ByteStream& wire, const PeerPolicy& policy) noexcept;
  // From here on octets go over `wire`: those that the old one has not shown must come first there.
  void move_to(ByteStream& wire) noexcept;
  // After the handshake of accept(): from here on the records of TLS 1.3 are read and written
  // without OpenSSL (record_layer.h), and its state goes. Those of TLS 1.2 stay with it.
  void carry_on(Carrier& wire) noexcept;
  void reset() noexcept;
  bool active() const noexcept { return ssl_ != nullptr || records_ != nullptr; }

  Outcome handshake() noexcept;
  bool established() const noexcept { return established_; }
  // Up to into.size() octets; `count` of them are there when the outcome is done.
  Outcome read(MutableBytes into, std::size_t& count) noexcept;
  // The same, but the octets stay to be read.
  Outcome peek(MutableBytes into, std::size_t& count) noexcept;
  // After want_output the same octets must come first in the next call.
  Outcome write(ByteView octets, std::size_t& count) noexcept;
  // Sends close_notify; does not wait for the peer's.
  Outcome close() noexcept;

  const Failure& failure() const noexcept { return failure_; }
  const char* protocol() const noexcept { return protocol_; }  // "TLSv1.3"; of an established one
  const char* cipher() const noexcept { return cipher_; }      // "TLS_AES_256_GCM_SHA384"
  bool resumed() const noexcept { return resumed_; }
  const char* server_name() const noexcept;  // the client's SNI until carry_on(), nullptr = none
  // Is the peer who the policy wants? To be asked after the handshake, before anything is written.
  PeerCheck peer(const PeerPolicy& policy) const;
  ClientCertificate client_certificate() const noexcept;
  std::vector<CertificatePtr> peer_chain() const;  // as the server sent it, its own first

 private:
  bool start(const Context& context, ByteStream& wire) noexcept;
  Outcome result(int returned, std::string_view what) noexcept;
  Outcome result(Outcome outcome) noexcept;  // of the record layer
  Outcome fail(std::string_view what) noexcept;

  std::unique_ptr<Handover> handover_;  // of a server, until carry_on(); OpenSSL points to it
  SslPtr ssl_;
  std::unique_ptr<RecordLayer> records_;
  Failure failure_;
  const char* protocol_ = "";
  const char* cipher_ = "";
  bool resumed_ = false;
  bool established_ = false;
  bool failed_ = false;
};

}  // namespace sluice::tls
