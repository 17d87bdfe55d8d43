#include "engine/net/reassembly.h"

#include <algorithm>
#include <cstring>

namespace sluice::net {
namespace {

std::size_t unit_of(std::uint32_t offset) noexcept { return offset / 8; }
std::size_t units_in(std::uint32_t octets) noexcept { return (octets + 7) / 8; }

// RFC 3168 5.3: one mark of congestion marks the whole, unless a fragment was not ECN-capable.
// Nothing: the datagram is to be dropped.
std::optional<std::uint8_t> whole_ecn(std::uint8_t seen) noexcept {
  const auto has = [seen](std::uint8_t ecn) { return (seen >> ecn & 1) != 0; };
  if (has(kEcnCe)) return has(0) ? std::nullopt : std::optional(kEcnCe);
  if (has(0)) return std::uint8_t{0};
  return has(kEcnEct0) ? kEcnEct0 : kEcnEct1;
}

}  // namespace

PacketPtr Reassembly::add(PacketPtr fragment, const Ipv4Header& header, Instant now) noexcept {
  const Head head{IpAddress::from_v4(header.source),
                  IpAddress::from_v4(header.destination),
                  header.identification,
                  header.protocol,
                  header.tos,
                  header.ttl};
  return add({head, header.fragment_offset, header.more_fragments,
              fragment->bytes().subspan(header.header_length)},
             now);
}

PacketPtr Reassembly::add(PacketPtr fragment, const Ipv6Header& header, const Ipv6Chain& chain,
                          Instant now) noexcept {
  const Head head{header.source,
                  header.destination,
                  chain.fragment.identification,
                  chain.fragment.next_header,
                  header.traffic_class,
                  header.hop_limit};
  return add({head, chain.fragment.offset, chain.fragment.more,
              fragment->bytes().subspan(chain.offset + kFragmentHeaderLength)},
             now);
}

PacketPtr Reassembly::add(const Piece& piece, Instant now) noexcept {
  Partial* partial = find(piece.head);
  if (partial == nullptr) partial = start(piece.head, now);
  if (partial == nullptr || partial->condemned) return {};
  if (!store(*partial, piece)) {
    partial->condemned = true;  // kept until it expires, so that later pieces start nothing new
    partial->whole.reset();
    return {};
  }
  if (partial->total == 0 || partial->have.count() != units_in(partial->total)) return {};
  PacketPtr whole = finish(*partial);
  drop(*partial);
  return whole;
}

bool Reassembly::expire_one(Instant now, PacketPtr& head) noexcept {
  if (in_progress_ == 0 || now < next_due_) return false;
  next_due_ = Instant::never();
  for (Partial& partial : partials_) {
    if (!partial.used) continue;
    if (now - partial.started < kReassemblyTime) {
      next_due_ = std::min(next_due_, partial.started + kReassemblyTime);
      continue;
    }
    if (!partial.condemned && partial.starts[0]) {
      std::size_t units = 0;
      while (units < kUnits && partial.have[units]) ++units;
      partial.total = static_cast<std::uint32_t>(units * 8);
      head = finish(partial);
    }
    drop(partial);
    next_due_ = now;  // there may be more
    return true;
  }
  return false;
}

// RFC 8200 4.5: addresses and identification name the datagram; in IPv4 the protocol does too.
Reassembly::Partial* Reassembly::find(const Head& head) noexcept {
  for (Partial& partial : partials_)
    if (partial.used && partial.head.identification == head.identification &&
        partial.head.source == head.source && partial.head.destination == head.destination &&
        (!head.source.is_v4() || partial.head.protocol == head.protocol))
      return &partial;
  return nullptr;
}

Reassembly::Partial* Reassembly::start(const Head& head, Instant now) noexcept {
  Partial* place = &partials_.front();
  for (Partial& partial : partials_) {
    if (!partial.used) {
      place = &partial;
      break;
    }
    if (partial.started < place->started) place = &partial;
  }
  if (place->used) drop(*place);
  place->whole = PacketPtr(pool_.allocate());
  if (!place->whole) return nullptr;
  place->used = true;
  place->condemned = false;
  place->head = head;
  place->ecn_seen = 0;
  place->total = 0;
  place->started = now;
  place->have.reset();
  place->starts.reset();
  ++in_progress_;
  next_due_ = std::min(next_due_, now + kReassemblyTime);
  return place;
}

// False: the fragment cannot be part of a sound datagram of a size that we take.
bool Reassembly::store(Partial& partial, const Piece& piece) noexcept {
  const auto length = static_cast<std::uint32_t>(piece.payload.size());
  const std::uint32_t end = piece.offset + length;
  if (length == 0 || end > std::min<std::uint32_t>(kPacketRoom, partial.whole->room)) return false;
  if (piece.more && length % 8 != 0) return false;
  if (partial.total != 0 && end > partial.total) return false;
  const std::size_t first = unit_of(piece.offset);
  const std::size_t last = units_in(end);
  std::size_t present = 0;
  for (std::size_t unit = first; unit < last; ++unit) present += partial.have[unit];
  if (present != 0) return is_repeated(partial, piece);
  if (!piece.more) {
    if (partial.total != 0 || (partial.have >> last).any()) return false;
    partial.total = end;
  }
  for (std::size_t unit = first; unit < last; ++unit) partial.have.set(unit);
  partial.starts.set(first);
  partial.ecn_seen |= static_cast<std::uint8_t>(1 << (piece.head.traffic_class & kEcnMask));
  if (piece.offset == 0) partial.head = piece.head;
  std::memcpy(partial.whole->data + piece.offset, piece.payload.data(), length);
  return true;
}

// The same octets at the same place, and no others.
bool Reassembly::is_repeated(const Partial& partial, const Piece& piece) noexcept {
  const auto end = static_cast<std::uint32_t>(piece.offset + piece.payload.size());
  const std::size_t first = unit_of(piece.offset);
  const std::size_t last = units_in(end);
  if (!partial.starts[first]) return false;
  for (std::size_t unit = first; unit < last; ++unit)
    if (!partial.have[unit] || (unit > first && partial.starts[unit])) return false;
  const bool ends_there =
      end == partial.total ||
      (piece.more && (last == kUnits || !partial.have[last] || partial.starts[last]));
  return ends_there && std::memcmp(partial.whole->data + piece.offset, piece.payload.data(),
                                   piece.payload.size()) == 0;
}

// Puts a header in front of what is there.
PacketPtr Reassembly::finish(Partial& partial) noexcept {
  const auto ecn = whole_ecn(partial.ecn_seen);
  if (!ecn) return {};
  const Head& first = partial.head;
  const auto traffic_class = static_cast<std::uint8_t>((first.traffic_class & ~kEcnMask) | *ecn);
  PacketPtr whole = std::move(partial.whole);
  whole->length = partial.total;
  if (first.source.is_v4()) {
    Ipv4Header header;
    header.tos = traffic_class;
    header.total_length = static_cast<std::uint16_t>(kIpv4HeaderLength + partial.total);
    header.identification = static_cast<std::uint16_t>(first.identification);
    header.dont_fragment = false;
    header.ttl = first.hop_limit;
    header.protocol = first.protocol;
    header.source = first.source.v4();
    header.destination = first.destination.v4();
    write_ipv4(whole->push_front(kIpv4HeaderLength), header);
    fill_ipv4_checksum(whole->data);
  } else {
    Ipv6Header header;
    header.traffic_class = traffic_class;
    header.payload_length = static_cast<std::uint16_t>(partial.total);
    header.next_header = first.protocol;
    header.hop_limit = first.hop_limit;
    header.source = first.source;
    header.destination = first.destination;
    write_ipv6(whole->push_front(kIpv6HeaderLength), header);
  }
  return whole;
}

void Reassembly::drop(Partial& partial) noexcept {
  partial.used = false;
  partial.whole.reset();
  --in_progress_;
}

}  // namespace sluice::net
