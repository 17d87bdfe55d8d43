// Frames into a stack that listens and has an open connection. The input is a list of records: one
// octet that says what to do, then what it needs. Checksums are made right, so that the fuzzer gets
// past them.
#include <cstdlib>

#include "engine/base/contract.h"
#include "engine/net/stack.h"
#include "engine/net/wire/arp.h"
#include "engine/net/wire/ethernet.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/tcp.h"
#include "tests/support/test_wire.h"

namespace sluice::net::test {
namespace {

constexpr std::uint32_t kUs = 0x0a000001;
constexpr std::uint32_t kPeer = 0x0a000002;
constexpr std::size_t kPackets = 512;

class Reader {
 public:
  explicit Reader(ByteView octets) : octets_(octets) {}
  bool empty() const { return octets_.empty(); }
  std::uint32_t number(std::size_t size) {
    std::uint32_t value = 0;
    for (; size > 0 && !octets_.empty(); --size, octets_ = octets_.subspan(1))
      value = value << 8 | octets_[0];
    return value;
  }
  ByteView take(std::size_t count) {
    const ByteView part = octets_.first(std::min(count, octets_.size()));
    octets_ = octets_.subspan(part.size());
    return part;
  }

 private:
  ByteView octets_;
};

class Target {
 public:
  Target() : wire_(1, {}, kPackets) {
    StackOptions options;
    options.addresses = {Prefix{IpAddress::from_v4(kUs), 24}};
    options.connections_max = 8;
    options.syn_backlog = 4;
    stack_ = make_stack(options, wire_.port(0), now_);
    if (!stack_->listen({IpAddress{}, 25}, 1)) std::abort();
    wire_.port(0).on_transmit = [this](ByteView frame) { watch(frame); };
    std::vector<std::uint8_t> arp(14 + kArpLength);
    write_ethernet(arp.data(), {kBroadcastMac, {2, 0, 0, 0, 0, 1}, kEtherTypeArp});
    write_arp(arp.data() + 14, {kArpRequest, {2, 0, 0, 0, 0, 1}, kPeer, {}, kUs});
    frame_in(arp);
    segment_in(kSyn, 0, 0, 65'535, {});
    segment_in(kAck, 1, snd_nxt_, 65'535, {});
  }

  void step(Reader& reader) {
    switch (reader.number(1) % 6) {
      case 0:
      case 1: {  // a segment near the numbers that the stack expects
        const auto flags = static_cast<std::uint8_t>(reader.number(1));
        const std::uint32_t seq = rcv_nxt_ + static_cast<std::uint16_t>(reader.number(2)) - 512;
        const std::uint32_t ack = snd_nxt_ + static_cast<std::uint8_t>(reader.number(1)) - 128;
        const auto window = static_cast<std::uint16_t>(reader.number(2));
        return segment_in(flags, seq, ack, window, reader.take(reader.number(1)));
      }
      case 2: {  // any octets as the rest of an IPv4 packet
        const ByteView rest = reader.take(reader.number(1));
        return ip_in(rest, static_cast<std::uint16_t>(reader.number(2)),
                     reader.number(1) % 2 == 0 ? kProtocolTcp : kProtocolIcmp);
      }
      case 3: {  // a whole frame
        const ByteView frame = reader.take(reader.number(1));
        return frame_in({frame.begin(), frame.end()});
      }
      case 4:
        now_ = now_ + milliseconds(static_cast<int>(reader.number(2) % 8'192));
        return turn(0);
      default: return turn(static_cast<std::uint8_t>(reader.number(1)));
    }
  }

  void end() {
    turn(0x08);
    stack_.reset();
    SLUICE_ASSERT(wire_.port(0).pool().available() == kPackets);
  }

 private:
  void frame_in(std::vector<std::uint8_t> frame) {
    wire_.inject(0, std::move(frame));
    turn(0);
  }

  void ip_in(ByteView payload, std::uint16_t fragment, std::uint8_t protocol) {
    std::vector<std::uint8_t> frame(14 + kIpv4HeaderLength);
    write_ethernet(frame.data(), {{2, 0, 0, 0, 0, 0}, {2, 0, 0, 0, 0, 1}, kEtherTypeIpv4});
    Ipv4Header ip{.protocol = protocol, .source = kPeer, .destination = kUs};
    ip.total_length = static_cast<std::uint16_t>(kIpv4HeaderLength + payload.size());
    ip.more_fragments = (fragment & 0x8000) != 0;
    ip.fragment_offset = static_cast<std::uint16_t>((fragment & 0xff) * 8);
    write_ipv4(frame.data() + 14, ip);
    fill_ipv4_checksum(frame.data() + 14);
    frame.insert(frame.end(), payload.begin(), payload.end());
    frame_in(std::move(frame));
  }

  // The first octets of `rest` become options when there are enough of them.
  void segment_in(std::uint8_t flags, std::uint32_t seq, std::uint32_t ack, std::uint16_t window,
                  ByteView rest) {
    const std::uint8_t options = rest.size() > 64 ? (rest[0] % 11) * 4 : 0;
    TcpHeader header{.source_port = 4'000,
                     .destination_port = 25,
                     .sequence = seq,
                     .acknowledgment = ack,
                     .flags = flags,
                     .window = window};
    header.header_length = static_cast<std::uint8_t>(kTcpHeaderLength + options);
    std::vector<std::uint8_t> tcp(kTcpHeaderLength);
    write_tcp(tcp.data(), header);
    tcp.insert(tcp.end(), rest.begin(), rest.end());
    const auto pseudo = pseudo_header_sum(IpAddress::from_v4(kPeer), IpAddress::from_v4(kUs),
                                          kProtocolTcp, static_cast<std::uint32_t>(tcp.size()));
    const auto sum = static_cast<std::uint16_t>(~checksum_add(pseudo, checksum_sum(tcp)));
    store_tcp_checksum(tcp.data(), sum);
    ip_in(tcp, 0, kProtocolTcp);
  }

  // One round of a worker whose sessions do what the octet says.
  void turn(std::uint8_t what) {
    stack_->poll(now_);
    for (int i = 0; i < 16; ++i) {
      Connection* connection = stack_->next_ready();
      if (connection == nullptr) break;
      serve(*connection, what);
    }
    if ((what & 0x08) != 0)
      for (Connection*& connection : open_) finish(connection);
    if ((what & 0x10) != 0 && open_[0] != nullptr)
      open_[0]->write(as_bytes(std::string(static_cast<std::size_t>(what) * 40, 'w')));
    stack_->flush(now_);
  }

  void serve(Connection& connection, std::uint8_t what) {
    if (connection.owner == 0) adopt(connection);
    while (!connection.readable().empty() && (what & 0x01) == 0)
      connection.consume(connection.readable().size());
    if ((what & 0x02) != 0) connection.close();
    if ((what & 0x04) != 0 || connection.state() == Connection::State::failed)
      finish(open_[connection.owner - 1]);
  }

  void adopt(Connection& connection) {
    for (std::size_t i = 0; i < open_.size(); ++i) {
      if (open_[i] != nullptr) continue;
      open_[i] = &connection;
      connection.owner = i + 1;
      return;
    }
    std::abort();
  }

  void finish(Connection*& connection) {
    if (connection == nullptr) return;
    connection->close();
    stack_->release(*connection);
    connection = nullptr;
  }

  void watch(ByteView frame) {
    const auto ip = parse_ipv4(frame.subspan(14));
    if (!ip || ip->protocol != kProtocolTcp) return;
    const auto tcp = parse_tcp(frame.subspan(34));
    SLUICE_ASSERT(tcp.has_value());
    if (tcp->destination_port != 4'000 || tcp->has(kRst)) return;
    const std::size_t payload = frame.size() - 34 - tcp->header_length;
    snd_nxt_ = tcp->sequence + static_cast<std::uint32_t>(payload) + (tcp->has(kSyn) ? 1 : 0);
    rcv_nxt_ = tcp->acknowledgment;
  }

  TestWire wire_;
  Instant now_ = Instant{} + seconds(1);
  std::unique_ptr<Transport> stack_;
  std::array<Connection*, 8> open_{};
  std::uint32_t snd_nxt_ = 0;  // as the peer sees it
  std::uint32_t rcv_nxt_ = 0;
};

}  // namespace
}  // namespace sluice::net::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4'096) return 0;
  sluice::net::test::Target target;
  sluice::net::test::Reader reader({data, size});
  while (!reader.empty()) target.step(reader);
  target.end();
  return 0;
}
