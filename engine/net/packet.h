// A packet buffer as the stack sees it: no DPDK type in sight, so that the same object code runs
// over an ethdev, in the simulator and in the conformance library. Over DPDK a Packet is the
// private area of its mbuf; elsewhere it comes from a plain arena.
#pragma once

#include <cstdint>

#include "engine/base/bytes.h"

namespace sluice::net {

class PacketPool;

inline constexpr std::uint16_t kPacketHeadroom = 128;  // Ethernet + IPv6 + TCP with all options fit
inline constexpr std::uint16_t kPacketRoom = 2048;     // octets after it, unless the pool says more

enum PacketFlags : std::uint16_t {
  kRxIpChecksumGood = 1 << 0,
  kRxIpChecksumBad = 1 << 1,
  kRxL4ChecksumGood = 1 << 2,
  kRxL4ChecksumBad = 1 << 3,
  kTxIpChecksum = 1 << 4,  // to be filled in: by the device if it offers that, else in software
  kTxTcpChecksum = 1 << 5,
  kTxUdpChecksum = 1 << 6,
  kRxHashValid = 1 << 7,
  kRxCopy = 1 << 8,         // another worker has the frame too (neighbour messages)
  kRxSynAdmitted = 1 << 9,  // the filter of SYNs was asked
  kRxSynRefused = 1 << 10,  // and wants it to be answered with RST
};

// Plain data; the pool owns the memory, PacketPtr the reference.
struct Packet {
  PacketPool* pool = nullptr;
  Packet* next = nullptr;  // receive and send queues chain packets
  std::uint8_t* data = nullptr;
  std::uint32_t length = 0;  // octets at data
  std::uint16_t flags = 0;
  std::uint8_t l2_length = 0;  // for offloads, set on transmit
  std::uint8_t l3_length = 0;
  std::uint32_t hash = 0;      // RSS hash of the device, when kRxHashValid
  std::uint32_t sequence = 0;  // for the TCP queues
  std::uint32_t sequence_length = 0;
  std::int64_t sent_ns = 0;
  Packet* sent_before = nullptr;  // for the send queue: neighbours in order of transmission
  Packet* sent_after = nullptr;
  std::uint16_t port = 0;            // index of the port it came from or leaves by
  std::uint16_t marks = 0;           // for the TCP queues: SACKed, lost, retransmitted
  std::uint32_t room = kPacketRoom;  // octets from data to the end of the memory

  // What the sender knew when it left; only of congestion controls that measure (delivery_rate.h),
  // the others pay nothing for it, not even that it is cleared.
  struct Departure {
    Departure() noexcept {}
    std::uint32_t delivered, lost;              // octets until then, modulo 2^32
    std::uint32_t delivered_us, first_sent_us;  // times, modulo 2^32
    std::uint32_t in_flight;                    // octets, itself included; 0: it has arrived
  } departure;

  ByteView bytes() const noexcept { return {data, length}; }
  void trim_front(std::uint32_t count) noexcept {
    data += count;
    length -= count;
    room -= count;
  }
  std::uint8_t* push_front(std::uint32_t count) noexcept {
    data -= count;
    length += count;
    room += count;
    return data;
  }
};

// One per core; never shared between cores.
class PacketPool {
 public:
  virtual ~PacketPool() = default;
  // Empty packet, data at the end of the headroom; nullptr when the pool is exhausted.
  virtual Packet* allocate() noexcept = 0;
  virtual void free(Packet* packet) noexcept = 0;    // drops one reference
  virtual void retain(Packet* packet) noexcept = 0;  // one more reference (retransmission)
  virtual bool shared(const Packet* packet) const noexcept = 0;  // someone else (the NIC) holds it
  virtual std::size_t available() const noexcept = 0;
  virtual std::uint32_t room() const noexcept { return kPacketRoom; }  // of a new packet
};

// Move-only owner of one reference.
class PacketPtr {
 public:
  PacketPtr() = default;
  explicit PacketPtr(Packet* packet) noexcept : packet_(packet) {}
  PacketPtr(PacketPtr&& other) noexcept : packet_(other.release()) {}
  PacketPtr& operator=(PacketPtr&& other) noexcept {
    if (this != &other) {
      reset();
      packet_ = other.release();
    }
    return *this;
  }
  ~PacketPtr() { reset(); }

  explicit operator bool() const noexcept { return packet_ != nullptr; }
  Packet* operator->() const noexcept { return packet_; }
  Packet& operator*() const noexcept { return *packet_; }
  Packet* get() const noexcept { return packet_; }
  Packet* release() noexcept {
    Packet* packet = packet_;
    packet_ = nullptr;
    return packet;
  }
  void reset() noexcept {
    if (packet_ != nullptr) packet_->pool->free(packet_);
    packet_ = nullptr;
  }

 private:
  Packet* packet_ = nullptr;
};

}  // namespace sluice::net
