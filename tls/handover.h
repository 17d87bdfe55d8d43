// What OpenSSL's handshake of a TLS 1.3 server leaves to whoever goes on with the records: both
// traffic secrets, and how many records were sent under the server's already (its tickets).
#pragma once

#include "tls/handle.h"
#include "tls/key_schedule.h"

namespace sluice::tls {

class Handover {
 public:
  // Before the handshake of `ssl`, which this outlives.
  void watch(SSL* ssl) noexcept;

  TrafficSecrets secrets;
  std::uint64_t server_records = 0;

 private:
  static void on_message(int written, int version, int type, const void* octets, std::size_t size,
                         SSL* ssl, void* handover) noexcept;

  bool finished_ = false;  // the server's Finished was sent
};

}  // namespace sluice::tls
