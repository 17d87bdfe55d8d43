// Half-open connections that are kept by the peer, not by us (RFC 4987 3.6, syn_cookie.h).
#include <algorithm>

#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {
namespace {

// A cookie's SYN-ACK cannot be repeated and carries fewer options, so its timestamps are the only
// place for them (RFC 7323 3).
CookieOptions cookie_options(const TcpOptions& syn, bool sack) noexcept {
  CookieOptions options;
  if (syn.has_window_shift) options.window_shift = syn.window_shift;
  options.sack = sack && syn.sack_permitted;
  return options;
}

}  // namespace

void Tcp::send_cookie(const Listener& listener, Segment& syn) noexcept {
  const auto path = ip_.path_to(syn.key.remote, syn.key.local);
  if (!path) return;
  const std::uint16_t mss = syn.options.mss == 0 ? default_mss(syn.key.remote) : syn.options.mss;
  TcpHeader header;
  header.source_port = syn.key.local_port;
  header.destination_port = syn.key.remote_port;
  header.sequence = cookies_.make(syn.key, syn.seq(), mss, now_);
  header.acknowledgment = syn.seq() + 1;
  header.flags = kSyn | kAck;
  header.window =
      static_cast<std::uint16_t>(std::min<std::uint32_t>(listener.options.receive_buffer, 0xffff));
  TcpOptions options;
  options.mss = announced_mss(syn.key.remote, listener.options);
  if (options_.timestamps && syn.options.has_timestamps) {
    const CookieOptions kept = cookie_options(syn.options, options_.sack);
    options.has_timestamps = true;
    options.timestamp_value = cookie_timestamp(timestamp_now(isn_.timestamp_offset(syn.key)), kept);
    options.timestamp_echo = syn.options.timestamp_value;
    options.sack_permitted = kept.sack;
    options.has_window_shift = kept.window_shift && options_.window_scale != 0;
    options.window_shift = shift_for(listener.options);
  }
  last_cookie_ = now_;
  ++counters_.syn_cookies_sent;
  send_segment(take_buffer(syn), *path, header, options, true);
}

// The last ACK of a handshake that nobody remembers. False: it is not one of ours. Cookies count
// only as long as one that was sent can still be good.
bool Tcp::accept_cookie(const Listener& listener, Segment& segment) noexcept {
  const bool may_be = last_cookie_.ns != 0 && now_ - last_cookie_ < kCookiePeriod * 2;
  if (!may_be || segment.header.has(kSyn)) return false;
  const Sequence iss = segment.ack() - 1;
  const auto mss = cookies_.check(segment.key, segment.seq() - 1, iss, now_);
  if (!mss) return false;
  if (listener.waiting > listener.backlog) {
    ++counters_.dropped_accept_queue;
    return true;
  }
  Segment syn = syn_of_cookie(segment, *mss);
  Tcb* tcb = open_half(listener, syn, iss);
  if (tcb == nullptr) return true;
  ++counters_.syn_cookies_accepted;
  tcb->snd_nxt = iss + 1;
  tcb->rcv_adv = tcb->rcv_nxt + std::min<std::uint32_t>(tcb->options.receive_buffer, 0xffff);
  input_synchronized(*tcb, segment);
  return true;
}

// The SYN as it must have been.
Segment Tcp::syn_of_cookie(const Segment& ack, std::uint16_t mss) const noexcept {
  Segment syn;
  syn.key = ack.key;
  syn.header.flags = kSyn;
  syn.header.sequence = ack.seq() - 1;
  syn.header.window = ack.header.window;
  syn.options.mss = mss;
  if (!options_.timestamps || !ack.options.has_timestamps) return syn;
  const CookieOptions kept = options_of_cookie(ack.options.timestamp_echo);
  syn.options.has_timestamps = true;
  syn.options.timestamp_value = ack.options.timestamp_value;
  syn.options.sack_permitted = kept.sack;
  syn.options.has_window_shift = kept.window_shift.has_value();
  syn.options.window_shift = kept.window_shift.value_or(0);
  return syn;
}

}  // namespace sluice::net::tcp
