// Opening connections: control blocks, ephemeral ports (RFC 6056 3.3.3), listeners.
#include "engine/net/reply_probe.h"
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {
namespace {

constexpr std::uint16_t kPortFirst = 16'384;
constexpr std::uint32_t kPortCount = 49'152;

}  // namespace

std::expected<void, NetError> Tcp::listen(const Endpoint& local, std::uint32_t tag) {
  const bool any = local.address.is_unspecified();
  if (!any && !ip_.is_known(local.address)) return std::unexpected(NetError::unreachable);
  if (!listeners_.add(local, tag)) return std::unexpected(NetError::no_resources);
  return {};
}

std::expected<Connection*, NetError> Tcp::connect(const Endpoint& remote, std::uint64_t owner) {
  const auto path = ip_.path_to(remote.address);
  if (!path) return std::unexpected(NetError::unreachable);
  FlowKey key{path->local, remote.address, 0, remote.port};
  if (!choose_port(key)) return std::unexpected(NetError::no_resources);
  Tcb* tcb = open(key, *path);
  if (tcb == nullptr) return std::unexpected(NetError::no_resources);
  tcb->owner = owner;
  tcb->listener = kOutboundListener;
  tcb->timestamps = tcb->sack = true;  // offered; the SYN-ACK decides
  tcb->become(TcpState::syn_sent);
  send_syn(*tcb);
  return tcb;
}

// From a random start, so that nobody can predict the port, to the first one whose replies the
// device brings to this core and that no connection uses.
bool Tcp::choose_port(FlowKey& key) noexcept {
  const ReplyProbe probe(port_, key.local, key.remote, kProtocolTcp);
  std::uint32_t port = static_cast<std::uint32_t>(random_.below(kPortCount));
  for (std::uint32_t tries = 0; tries < kPortTriesMax; ++tries, port = (port + 1) % kPortCount) {
    key.local_port = static_cast<std::uint16_t>(kPortFirst + port);
    if (flows_.find(key) != nullptr || listeners_.listens_on(key.local_port)) continue;
    if (probe.reaches_us(key.local_port, key.remote_port)) return true;
  }
  return false;
}

Tcb* Tcp::open(const FlowKey& key, const IpPath& path) noexcept {
  Tcb* tcb = tcbs_.acquire();
  if (tcb == nullptr) {
    ++counters_.dropped_no_resources;
    return nullptr;
  }
  std::destroy_at(tcb);
  std::construct_at(tcb, *this);
  tcb->key = key;
  tcb->next_hop = path.next_hop;
  tcb->iss = tcb->snd_una = tcb->snd_nxt = tcb->snd_max = isn_.next(key, now_);
  tcb->ts_offset = isn_.timestamp_offset(key);
  tcb->mss = static_cast<std::uint16_t>(
      std::min<std::uint32_t>(default_mss(key.remote), local_mss(key.remote)));
  tcb->rcv_shift = rcv_shift_;
  tcb->unacknowledged.start(tcb->iss + 1);
  tcb->rtt.start(options_.rto_initial);
  tcb->progress = now_;
  flows_.insert(*tcb);
  return tcb;
}

// Ends the time in SYN-RECEIVED of a passive connection, in whichever way.
void Tcp::leave_half_open(Tcb& tcb) noexcept {
  if (tcb.tcp_state != TcpState::syn_received || !tcb.passive()) return;
  HalfOpenList::remove(tcb);
  --half_open_count_;
}

}  // namespace sluice::net::tcp
