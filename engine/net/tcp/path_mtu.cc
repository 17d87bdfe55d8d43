// Path MTU: what ICMP tells (RFC 1191, RFC 8201), believed only about what is in flight (RFC 5927),
// and what repeated timeouts suggest when ICMP is filtered (RFC 4821 7.6.2, RFC 2923 2.1).
#include <algorithm>

#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {
namespace {

constexpr std::uint32_t kPathMtuMin = 552;  // a forged "too big" cannot make segments smaller

// Timeouts in a row until large segments are suspected, and until the smallest are used.
constexpr std::uint8_t kSuspectTimeouts = 3;
constexpr std::uint8_t kSmallestTimeouts = 6;
constexpr std::uint32_t kSuspectMss = 1'024;  // BASE_PLPMTU of RFC 4821 7.2 less headers

}  // namespace

// The caller has checked that the error quotes something in flight (RFC 5927 4.1).
void Tcp::take_path_mtu(Tcb& tcb, std::uint32_t mtu) noexcept {
  const bool v4 = tcb.key.remote.is_v4();
  mtu = std::max(mtu, v4 ? kPathMtuMin : kIpv6MtuMin);  // RFC 8201 4: never below the minimum
  const std::uint32_t headers = ip_header_length(tcb.key.remote) + kTcpHeaderLength +
                                (tcb.timestamps ? kTimestampOptionLength : 0);
  if (!is_synchronized(tcb.tcp_state)) return;
  reduce_mss(tcb, mtu - headers);
}

// Segments above the new size count as lost, but not as congestion (RFC 1191 6.5).
void Tcp::reduce_mss(Tcb& tcb, std::uint32_t mss) noexcept {
  if (mss >= tcb.mss) return;
  tcb.mss = static_cast<std::uint16_t>(mss);
  tcb.unacknowledged.mark_larger_lost(mss);
  mark_output(tcb);
}

void Tcp::clamp_black_hole(Tcb& tcb) noexcept {
  const Packet* first = tcb.unacknowledged.first();
  if (tcb.backoff < kSuspectTimeouts || first == nullptr) return;
  const bool v4 = tcb.key.remote.is_v4();
  tcb.dont_fragment = false;
  const std::uint32_t smallest = default_mss(tcb.key.remote);
  const std::uint32_t clamp = tcb.backoff >= kSmallestTimeouts || !v4 ? smallest : kSuspectMss;
  if (first->sequence_length > clamp) reduce_mss(tcb, clamp);
}

}  // namespace sluice::net::tcp
