// What a worker counts, readable from other threads at any time. One writer per counter.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "queueing/queued_message.h"

namespace sluice::worker {

class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void set(std::uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

inline constexpr std::size_t kSclValues = 11;  // -1 … 9

struct Counters {
  // Since start.
  Counter connections;           // inbound, accepted
  Counter connections_refused;   // over a limit or draining
  Counter messages_accepted;     // 250 after the final dot
  Counter messages_discarded;    // of these: thrown away by their SCL
  Counter messages_quarantined;  // of these: wait for the operator
  Counter messages_rejected;     // 5yz after the final dot
  Counter messages_deferred;     // 4yz after the final dot
  Counter octets_accepted;
  Counter recipients_accepted;
  Counter recipients_refused;
  Counter messages_finished;     // every recipient has an outcome
  Counter handshakes;            // of TLS, begun
  Counter handshakes_offloaded;  // of these, on an offload core
  Counter handshakes_refused;    // too many from one source
  Counter known_texts_hits;      // texts of messages that rules need not look at again
  Counter known_texts_misses;
  Counter known_texts_evictions;
  std::array<Counter, kSclValues> scl;
  // Gauges, refreshed about every millisecond.
  Counter sessions;
  Counter arriving;                               // messages whose octets are being received
  std::array<Counter, queueing::kQueues> queues;  // by queueing::QueueName
  Counter blocks_available;
  Counter blocks_low_water;
  Counter sessions_available;
  Counter syncs;
  Counter commits;
  Counter bytes_written;
  Counter segments;
  Counter ids_used;         // ICIDs and DCIDs reach this far above the base
  Counter tcp_connections;  // of the own stack, TIME-WAIT not included
  Counter tcp_half_open;
  Counter tcp_time_wait;
  Counter tcp_retransmitted;  // segments, since start
  Counter packets_dropped;    // malformed or no resources, since start
  Counter packets_not_ours;   // another host's or a protocol that we lack, since start
  Counter dns_asked;          // since start, like the next four
  Counter dns_from_cache;
  Counter dns_sent;
  Counter dns_timeouts;
  Counter dns_failures;
  Counter dns_trust;          // a dns::Trust
  Counter address_conflicts;  // somebody else uses an address of a port, since start
};

}  // namespace sluice::worker
