// Connections that a listener has opened and nobody has taken yet.
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

bool Tcp::accept_queue_full(const Tcb& tcb) noexcept {
  if (!tcb.passive()) return false;
  const Listener* listener = listeners_.find(tcb.key.local, tcb.key.local_port);
  return listener != nullptr && listener->waiting > listener->backlog;
}

void Tcp::enter_accept_queue(Tcb& tcb) noexcept {
  tcb.unaccepted = true;
  if (Listener* listener = listeners_.find(tcb.key.local, tcb.key.local_port)) ++listener->waiting;
}

void Tcp::leave_accept_queue(Tcb& tcb) noexcept {
  if (!tcb.unaccepted) return;
  tcb.unaccepted = false;
  Listener* listener = listeners_.find(tcb.key.local, tcb.key.local_port);
  if (listener != nullptr && listener->waiting > 0) --listener->waiting;
}

Tcb* Tcp::next_ready() noexcept {
  Tcb* tcb = ready_.pop_front();
  if (tcb != nullptr) leave_accept_queue(*tcb);
  return tcb;
}

Tcb* Tcp::accept(std::uint32_t tag) noexcept {
  for (Tcb* tcb = ready_.front(); tcb != nullptr; tcb = ready_.next(*tcb)) {
    if (!tcb->unaccepted || tcb->listener != tag) continue;
    leave_accept_queue(*tcb);
    return tcb;
  }
  return nullptr;
}

// Half-open connections of the listener are forgotten, open ones that nobody took are reset (RFC
// 9293 3.10.5).
void Tcp::stop_listening(std::uint32_t tag) noexcept {
  tcbs_.for_each([&](Tcb& tcb) {
    if (!tcb.passive() || tcb.listener != tag) return;
    if (tcb.tcp_state == TcpState::syn_received) {
      finish(tcb);
    } else if (tcb.unaccepted) {
      release(tcb);
    }
  });
  listeners_.remove(tag);
}

}  // namespace sluice::net::tcp
