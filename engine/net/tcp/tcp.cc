#include "engine/net/tcp/tcp.h"

#include <algorithm>

namespace sluice::net::tcp {

Tcp::Tcp(const StackOptions& options, Port& port, IpOutput& ip, TxQueue& tx, TimerWheel& wheel,
         StackCounters& counters, Random& random, Instant now)
    : options_(options),
      port_(port),
      ip_(ip),
      tx_(tx),
      wheel_(wheel),
      counters_(counters),
      pool_(port.pool()),
      pool_size_(pool_.available()),
      now_(now),
      random_(random),
      isn_(random.next(), random.next()),
      cookies_(random.next(), random.next()),
      flows_(options.connections_max, random),
      time_wait_(options.connections_max, flows_, options.time_wait),
      tcbs_(options.connections_max),
      episodes_(options.connections_max),
      models_(options.congestion_control == CongestionControl::bbr ? options.connections_max : 0) {
  flows_.attach(FlowKind::connection, tcbs_.data(), sizeof(Tcb));
}

Tcp::~Tcp() {
  tcbs_.for_each([](Tcb& tcb) {
    tcb.queue_link.unlink();
    tcb.output_link.unlink();
  });
}

void Tcp::mark_ready(Tcb& tcb) noexcept {
  const bool known_to_owner = tcb.tcp_state != TcpState::syn_received || !tcb.passive();
  if (tcb.orphan || !known_to_owner) return;
  if (tcb.wants_write) tcb.queue_link.unlink();  // it may stand in the starved list
  tcb.wants_write = false;
  if (!tcb.queue_link.linked()) ready_.push_back(tcb);
}

void Tcp::mark_output(Tcb& tcb) noexcept {
  if (!tcb.output_link.linked()) output_.push_back(tcb);
}

// Looks once at every connection that has something to say; what must wait for the device keeps its
// place for the next flush.
void Tcp::flush() noexcept {
  Tcb* const last = output_.back();
  while (Tcb* tcb = output_.front()) {
    if (!tx_.has_room()) tx_.flush();
    if (!tx_.has_room()) return;
    IntrusiveList<Tcb, &Tcb::output_link>::remove(*tcb);
    const bool done = tcb == last;
    output(*tcb);
    if (done) return;
  }
}

void Tcp::starve(Tcb& tcb) noexcept {
  if (!tcb.queue_link.linked()) starved_.push_back(tcb);
}

std::size_t Tcp::wake_starved() noexcept {
  if (starved_.empty() || pool_.available() <= pool_size_ / kReserveForWrites) return 0;
  std::size_t woken = 0;
  while (Tcb* tcb = starved_.front()) {
    mark_ready(*tcb);
    ++woken;
  }
  return woken;
}

std::size_t Tcp::write(Tcb& tcb, ByteView octets) noexcept {
  const std::size_t space = tcb.write_space();
  const std::size_t wanted = std::min(octets.size(), space);
  const std::size_t reserve = pool_size_ / kReserveForWrites;
  const bool was_idle = tcb.unacknowledged.empty();
  note_application_limit(tcb);
  const std::size_t taken =
      tcb.unacknowledged.append(octets.first(wanted), pool_, tcb.mss, reserve);
  if (taken > 0) {
    if (was_idle) tcb.progress_ms = now_ms();
    mark_output(tcb);
  }
  if (taken < octets.size() && can_write(tcb.tcp_state) && !tcb.fin_queued) {
    tcb.wants_write = true;
    if (taken < wanted) starve(tcb);
  }
  return taken;
}

std::size_t Tcp::timers_armed() noexcept {
  std::size_t armed = 0;
  tcbs_.for_each([&](const Tcb& tcb) { armed += tcb.due.any() ? 1u : 0u; });
  return armed;
}

}  // namespace sluice::net::tcp
