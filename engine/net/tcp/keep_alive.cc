// Keep-alive (RFC 9293 3.8.4, RFC 1122 4.2.3.6): off unless asked for; a connection from which
// nothing was heard for long is probed, and ends when that stays without an answer.
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

void Tcp::start_keep_alive(Tcb& tcb) noexcept {
  if (tcb.options.keep_idle_ms == 0) return disarm(tcb, TimerKind::keep_alive);
  arm(tcb, TimerKind::keep_alive, now_ + milliseconds(tcb.options.keep_idle_ms));
}

void Tcp::on_keep_alive_timer(Tcb& tcb) noexcept {
  const ConnectionOptions& options = tcb.options;
  if (options.keep_idle_ms == 0 || !is_synchronized(tcb.tcp_state)) return;
  const std::uint32_t silent_ms = now_ms() - tcb.heard_ms;
  const bool outstanding = tcb.snd_nxt != tcb.snd_una;  // then the other timers decide
  if (silent_ms < options.keep_idle_ms || outstanding) {
    const std::uint32_t rest =
        outstanding ? options.keep_idle_ms : options.keep_idle_ms - silent_ms;
    return arm(tcb, TimerKind::keep_alive, now_ + milliseconds(rest));
  }
  const std::uint64_t limit =
      options.keep_idle_ms + std::uint64_t{options.keep_interval_ms} * options.keep_count;
  if (silent_ms >= limit) return fail(tcb, NetError::timed_out);
  send_window_probe(tcb);
  arm(tcb, TimerKind::keep_alive, now_ + milliseconds(options.keep_interval_ms));
}

}  // namespace sluice::net::tcp
