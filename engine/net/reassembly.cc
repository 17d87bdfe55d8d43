#include "engine/net/reassembly.h"

#include <cstring>

namespace sluice::net {

PacketPtr Reassembly::add(PacketPtr fragment, const Ipv4Header& header, Instant now) noexcept {
  expire(now);
  Partial* partial = find(header);
  if (partial == nullptr) partial = start(header, now);
  if (partial == nullptr || partial->condemned) return {};
  if (!store(*partial, *fragment, header)) {
    partial->condemned = true;  // kept until it expires, so that later pieces start nothing new
    partial->whole.reset();
    return {};
  }
  const std::size_t units = (partial->total + 7) / 8;
  if (partial->total == 0 || partial->have.count() != units) return {};
  PacketPtr whole = std::move(partial->whole);
  whole->length = partial->total;
  drop(*partial);
  return whole;
}

void Reassembly::expire(Instant now) noexcept {
  if (in_progress_ == 0) return;
  for (Partial& partial : partials_)
    if (partial.used && now - partial.started >= kReassemblyTime) drop(partial);
}

Reassembly::Partial* Reassembly::find(const Ipv4Header& header) noexcept {
  for (Partial& partial : partials_)
    if (partial.used && partial.identification == header.identification &&
        partial.source == header.source && partial.destination == header.destination &&
        partial.protocol == header.protocol)
      return &partial;
  return nullptr;
}

Reassembly::Partial* Reassembly::start(const Ipv4Header& header, Instant now) noexcept {
  for (Partial& partial : partials_) {
    if (partial.used) continue;
    partial.whole = PacketPtr(pool_.allocate());
    if (!partial.whole) return nullptr;
    partial.used = true;
    partial.condemned = false;
    partial.protocol = header.protocol;
    partial.identification = header.identification;
    partial.source = header.source;
    partial.destination = header.destination;
    partial.total = 0;
    partial.started = now;
    partial.have.reset();
    ++in_progress_;
    return &partial;
  }
  return nullptr;
}

// False: the fragment cannot be part of a sound datagram of a size that we take.
bool Reassembly::store(Partial& partial, const Packet& fragment,
                       const Ipv4Header& header) noexcept {
  const std::uint32_t length = header.total_length - header.header_length;
  const std::uint32_t end = header.fragment_offset + length;
  if (length == 0 || end > kPacketRoom) return false;
  if (header.more_fragments && length % 8 != 0) return false;
  if (partial.total != 0 && end > partial.total) return false;
  const std::size_t first = header.fragment_offset / 8;
  const std::size_t last = (end + 7) / 8;
  std::size_t present = 0;
  for (std::size_t unit = first; unit < last; ++unit) present += partial.have[unit];
  if (present == last - first) return true;  // a duplicate; the first copy stands
  if (present != 0) return false;
  if (!header.more_fragments) {
    if (partial.total != 0 && partial.total != end) return false;
    if ((partial.have >> last).any()) return false;
    partial.total = end;
  }
  for (std::size_t unit = first; unit < last; ++unit) partial.have.set(unit);
  std::memcpy(partial.whole->data + header.fragment_offset, fragment.data + header.header_length,
              length);
  return true;
}

void Reassembly::drop(Partial& partial) noexcept {
  partial.used = false;
  partial.whole.reset();
  --in_progress_;
}

}  // namespace sluice::net
