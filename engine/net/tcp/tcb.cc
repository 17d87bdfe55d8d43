#include "engine/net/tcp/tcb.h"

#include "engine/base/contract.h"
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

Tcb::Tcb(Tcp& tcp_in, const ConnectionOptions& options_in)
    : tcp(tcp_in), timer(&Tcb::on_timer, this), options(options_in) {}

void Tcb::on_timer(Timer& fired, Instant) noexcept {
  auto& self = *static_cast<Tcb*>(fired.owner);
  self.tcp.on_timer(self);
}

Connection::State Tcb::state() const noexcept {
  if (failed) return State::failed;
  const bool opening = tcp_state == TcpState::syn_sent || tcp_state == TcpState::syn_received;
  return opening ? State::opening : State::open;
}

void Tcb::become(TcpState next) noexcept {
  SLUICE_ASSERT(may_become(tcp_state, next));
  tcp_state = next;
}

bool Tcb::read_finished() const noexcept { return fin_received && received.empty(); }

void Tcb::consume(std::size_t count) noexcept {
  received.consume(count);
  tcp.consumed(*this);
}

std::size_t Tcb::write(ByteView octets) noexcept { return tcp.write(*this, octets); }

std::size_t Tcb::write_space() const noexcept {
  if (!can_write(tcp_state) || fin_queued) return 0;
  const std::uint32_t limit = options.send_buffer;
  return unacknowledged.octets() >= limit ? 0 : limit - unacknowledged.octets();
}

void Tcb::close() noexcept { tcp.close(*this); }
void Tcb::abort() noexcept { tcp.abort(*this); }

}  // namespace sluice::net::tcp
