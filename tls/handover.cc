#include "tls/handover.h"

namespace sluice::tls {

void Handover::watch(SSL* ssl) noexcept {
  SSL_set_msg_callback(ssl, on_message);
  SSL_set_msg_callback_arg(ssl, this);
}

void Handover::on_message(int written, int, int type, const void* octets, std::size_t size, SSL*,
                          void* handover) noexcept {
  auto& self = *static_cast<Handover*>(handover);
  if (written == 0) return;
  if (type == SSL3_RT_HEADER && self.finished_) ++self.server_records;
  // Told after the record that holds it.
  if (type == SSL3_RT_HANDSHAKE && size > 0 &&
      *static_cast<const std::uint8_t*>(octets) == SSL3_MT_FINISHED)
    self.finished_ = true;
}

}  // namespace sluice::tls
