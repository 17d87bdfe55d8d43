// RFC 9293 3.10.7.4 for TIME-WAIT, with RFC 1337 (no assassination by RST) and RFC 6191 (a new
// connection need not wait).
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {
namespace {

// RFC 6191 2: the SYN cannot be an old one of the connection that ended.
bool reopens(const TimeWait& entry, const Segment& syn) noexcept {
  if (!syn.options.has_timestamps) return after(syn.seq(), entry.rcv_nxt);
  if (!entry.timestamps) return true;
  if (syn.options.timestamp_value != entry.ts_recent)
    return after(syn.options.timestamp_value, entry.ts_recent);
  return after(syn.seq(), entry.rcv_nxt);
}

// The ACK of our FIN, in sequence. After its own FIN the peer has nothing else to say.
bool is_quiet(const TimeWait& entry, const Segment& segment) noexcept {
  return segment.length() == 0 && segment.seq() == entry.rcv_nxt;
}

}  // namespace

void Tcp::input_time_wait(TimeWait& entry, Segment& segment) noexcept {
  if (segment.header.has(kRst)) return;  // RFC 1337 3, fix F1
  const bool is_syn = (segment.header.flags & (kSyn | kAck | kFin)) == kSyn;
  if (is_syn && reopens(entry, segment) &&
      listeners_.find(segment.key.local, segment.key.local_port) != nullptr) {
    const Sequence used = entry.snd_nxt;
    time_wait_.remove(entry);
    return input_listen(segment, used);
  }
  if (!segment.header.has(kAck) && !segment.header.has(kSyn)) return;
  if (is_quiet(entry, segment)) return;
  const bool repeats_fin = segment.header.has(kFin) && segment.end() == entry.rcv_nxt;
  if (repeats_fin) time_wait_.restart(entry, now_);
  if (repeats_fin || stack_may_challenge()) acknowledge(entry);
}

void Tcp::acknowledge(const TimeWait& entry) noexcept {
  const auto path = ip_.path_to(entry.key.remote, entry.key.local);
  PacketPtr packet = path ? allocate() : PacketPtr();
  if (!packet) return;
  TcpHeader header;
  header.source_port = entry.key.local_port;
  header.destination_port = entry.key.remote_port;
  header.sequence = entry.snd_nxt;
  header.acknowledgment = entry.rcv_nxt;
  header.flags = kAck;
  header.window = entry.window;
  TcpOptions options;
  options.has_timestamps = entry.timestamps;
  options.timestamp_value = timestamp_now(isn_.timestamp_offset(entry.key));
  options.timestamp_echo = entry.ts_recent;
  send_segment(std::move(packet), *path, header, options, true);
}

}  // namespace sluice::net::tcp
