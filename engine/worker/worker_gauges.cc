// What a worker tells the other threads of itself, now and then.
#include <algorithm>

#include "engine/net/stack.h"
#include "engine/worker/worker.h"

namespace sluice::worker {
namespace {

constexpr Duration kGaugePeriod = milliseconds(1);

}  // namespace

void Worker::publish_gauges(Instant now) {
  gauges_due_ = now + kGaugePeriod;
  Counters& counters = core_.counters;
  const queueing::ShardCounts queue = shard_->counts();
  counters.sessions.set(sessions_.in_use());
  counters.sessions_available.set(sessions_.available());
  counters.arriving.set(queue.arriving);
  for (std::size_t i = 0; i < queueing::kQueues; ++i) counters.queues[i].set(queue.queues[i]);
  counters.blocks_available.set(blocks_->available());
  counters.blocks_low_water.set(blocks_->low_water());
  counters.syncs.set(queue.syncs);
  counters.commits.set(queue.commits);
  counters.bytes_written.set(queue.bytes_written);
  counters.segments.set(queue.segments);
  counters.ids_used.set(std::max(icids_.next(), dcids_.next()) - setup_.connection_id_base);
  const dns::Counters& dns = resolver_.counters();
  counters.dns_asked.set(dns.asked);
  counters.dns_from_cache.set(dns.from_cache);
  counters.dns_sent.set(dns.sent);
  counters.dns_timeouts.set(dns.timeouts);
  counters.dns_failures.set(dns.failures);
  counters.dns_trust.set(static_cast<std::uint64_t>(resolver_.trust()));
  for (const auto& state : scan_states_) {
    const scan::TextReuse reuse = state->scanner.take_text_reuse();
    counters.known_texts_hits.add(reuse.hits);
    counters.known_texts_misses.add(reuse.misses);
    counters.known_texts_evictions.add(reuse.evictions);
  }
  publish_stack_gauges();
}

void Worker::publish_stack_gauges() {
  net::StackCounters sum;
  for (const NamedTransport& t : setup_.transports) {
    if (t.name.empty()) continue;  // kernel sockets
    const net::StackCounters stack = net::stack_counters(*t.transport);
    sum.connections += stack.connections;
    sum.half_open += stack.half_open;
    sum.time_wait += stack.time_wait;
    sum.segments_retransmitted += stack.segments_retransmitted;
    sum.dropped_malformed += stack.dropped_malformed + stack.dropped_no_resources;
    sum.dropped_not_ours += stack.dropped_not_ours;
    sum.address_conflicts += stack.address_conflicts;
  }
  Counters& counters = core_.counters;
  counters.tcp_connections.set(sum.connections);
  counters.tcp_half_open.set(sum.half_open);
  counters.tcp_time_wait.set(sum.time_wait);
  counters.tcp_retransmitted.set(sum.segments_retransmitted);
  counters.packets_dropped.set(sum.dropped_malformed);
  counters.packets_not_ours.set(sum.dropped_not_ours);
  counters.address_conflicts.set(sum.address_conflicts);
}

}  // namespace sluice::worker
