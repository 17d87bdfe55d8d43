// Opening connections: control blocks, local ports, listeners.
#include "engine/net/reply_probe.h"
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {
namespace {

constexpr std::uint16_t kPortFirst = 16'384;
constexpr std::uint32_t kPortCount = 49'152;

}  // namespace

std::expected<void, NetError> Tcp::listen(const Endpoint& local, std::uint32_t tag) {
  return listen({local, tag, options_.listen_backlog, default_options()});
}

std::expected<void, NetError> Tcp::listen(const Listener& listener) {
  const IpAddress& address = listener.local.address;
  if (!address.is_unspecified() && !ip_.is_known(address))
    return std::unexpected(NetError::unreachable);
  if (!listeners_.add(listener)) return std::unexpected(NetError::in_use);
  return {};
}

std::expected<Connection*, NetError> Tcp::connect(const Endpoint& remote, std::uint64_t owner) {
  return connect(remote, owner, Endpoint{}, default_options());
}

std::expected<Tcb*, NetError> Tcp::connect(const Endpoint& remote, std::uint64_t owner,
                                           const Endpoint& local,
                                           const ConnectionOptions& options) {
  const bool any = local.address.is_unspecified();
  if (!any && !ip_.is_ours(local.address)) return std::unexpected(NetError::unreachable);
  const auto path = any ? ip_.path_to(remote.address) : ip_.path_to(remote.address, local.address);
  if (!path || remote.port == 0) return std::unexpected(NetError::unreachable);
  FlowKey key{path->local, remote.address, local.port, remote.port};
  if (local.port == 0 && !choose_port(key)) return std::unexpected(NetError::no_resources);
  if (flows_.find(key)) return std::unexpected(NetError::in_use);
  Tcb* tcb = open(key, *path, options, isn_.next(key, now_));
  if (tcb == nullptr) return std::unexpected(NetError::no_resources);
  tcb->owner = owner;
  tcb->listener = kOutboundListener;
  tcb->become(TcpState::syn_sent);
  send_syn(*tcb);
  return tcb;
}

// RFC 6056 3.3.3, algorithm 3: from a place that only we know for this peer, to the first port
// whose replies the device brings to this core and that no connection uses.
bool Tcp::choose_port(FlowKey& key) noexcept {
  const ReplyProbe probe(port_, key.local, key.remote, kProtocolTcp);
  const std::uint32_t offset = isn_.port_offset(key);
  for (std::uint32_t tries = 0; tries < kPortTriesMax; ++tries) {
    const std::uint32_t port = (offset + next_port_++) % kPortCount;
    key.local_port = static_cast<std::uint16_t>(kPortFirst + port);
    if (flows_.find(key) || listeners_.listens_on(key.local_port)) continue;
    if (probe.reaches_us(key.local_port, key.remote_port)) return true;
  }
  return false;
}

bool Tcp::in_use(const Endpoint& local, bool reuse) noexcept {
  if (listeners_.overlaps(local)) return true;
  if (reuse) return false;
  bool found = time_wait_.uses(local);
  tcbs_.for_each([&](const Tcb& tcb) {
    found |= tcb.tcp_state != TcpState::closed && overlap(tcb.local(), local);
  });
  return found;
}

// Offers every option; the peer's SYN decides.
Tcb* Tcp::open(const FlowKey& key, const IpPath& path, const ConnectionOptions& options,
               Sequence iss) noexcept {
  Tcb* tcb = tcbs_.acquire(*this, options);
  if (tcb == nullptr) {
    ++counters_.dropped_no_resources;
    return nullptr;
  }
  tcb->key = key;
  tcb->next_hop = path.next_hop;
  tcb->iss = tcb->snd_una = tcb->snd_nxt = iss;
  tcb->ts_offset = isn_.timestamp_offset(key);
  tcb->timestamps = options_.timestamps;
  tcb->sack = options_.sack;
  tcb->window_scaling = options_.window_scale != 0;
  tcb->rcv_shift = shift_for(options);
  tcb->mss = std::min(static_cast<std::uint16_t>(default_mss(key.remote)), announced_mss(*tcb));
  tcb->unacknowledged.start(iss + 1);
  tcb->rtt.start(options_.rto_initial);
  tcb->progress_ms = now_ms();
  flows_.insert(ref(*tcb));
  return tcb;
}

// RFC 7323 2.3: as given, or the smallest with which 16 bits can tell the whole buffer.
std::uint8_t Tcp::shift_for(const ConnectionOptions& options) const noexcept {
  if (options_.window_scale) return std::min(*options_.window_scale, kWindowShiftMax);
  std::uint8_t shift = 0;
  while (shift < kWindowShiftMax && (options.receive_buffer >> shift) > 0xffff) ++shift;
  return shift;
}

// Ends the time in SYN-RECEIVED of a passive connection, in whichever way.
void Tcp::leave_half_open(Tcb& tcb) noexcept {
  if (tcb.tcp_state != TcpState::syn_received || !tcb.passive()) return;
  HalfOpenList::remove(tcb);
  --half_open_count_;
}

}  // namespace sluice::net::tcp
