// Arming and ringing of a connection's timers; what each does stands with its half of the protocol.
#include "engine/net/tcp/timers.h"

#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

// The wheel is touched only when it has to ring earlier than it is set to.
void Tcp::arm(Tcb& tcb, TimerKind kind, Instant due) noexcept {
  tcb.due.set(kind, due);
  const Instant rounded = tcb.due.due(kind, now_);
  if (!tcb.timer.armed() || tcb.timer.due > rounded) wheel_.set(tcb.timer, rounded);
}

// Entries of the wheel that would ring for nothing are put right on the way, each once.
Instant Tcp::next_timer() noexcept {
  Instant earliest = Instant::never();
  for (bool settled = false; !settled;) {
    settled = true;
    earliest = Instant::never();
    wheel_.visit_first([&](Timer& timer) {
      const bool ours = timer.callback == &Tcb::on_timer;
      const Instant due = ours ? next_timer(*static_cast<Tcb*>(timer.owner)) : timer.due;
      if (due <= timer.due) {
        earliest = std::min(earliest, timer.due);
        return;
      }
      settled = false;
      timer.cancel();
      if (due != Instant::never()) wheel_.set(timer, due);
    });
  }
  return earliest;
}

Instant Tcp::next_timer(const Tcb& tcb) const noexcept {
  const Instant due = tcb.due.any() ? tcb.due.earliest(now_) : Instant::never();
  const Congestion& congestion = tcb.congestion;
  if (!congestion.by_model() || congestion.model() == Congestion::kNoModel) return due;
  return std::min(due, models_.at(congestion.model()).due);
}

void Tcp::on_timer(Tcb& tcb) noexcept {
  const std::uint32_t index = tcbs_.index_of(tcb);
  for (std::size_t i = 0; i < kTimerKinds; ++i) {
    const auto kind = static_cast<TimerKind>(i);
    if (!tcb.due.is_due(kind, now_)) continue;
    tcb.due.clear(kind);
    ring(tcb, kind);
    if (!tcbs_.in_use(index) || tcb.tcp_state == TcpState::closed) return;
  }
  if (Bbr* model = model_of(tcb); model != nullptr && model->due <= now_)
    on_model_timer(tcb, *model);
  const Instant next = tcb.timer.armed() ? Instant::never() : next_timer(tcb);
  if (next != Instant::never()) wheel_.set(tcb.timer, next);
}

void Tcp::ring(Tcb& tcb, TimerKind kind) noexcept {
  switch (kind) {
    case TimerKind::retransmission: return on_retransmission_timer(tcb);
    case TimerKind::delayed_ack: return on_delayed_ack_timer(tcb);
    case TimerKind::reordering: return on_reordering_timer(tcb);
    case TimerKind::tail_loss_probe: return on_probe_timer(tcb);
    case TimerKind::cork: return on_cork_timer(tcb);
    case TimerKind::keep_alive: return on_keep_alive_timer(tcb);
  }
}

}  // namespace sluice::net::tcp
