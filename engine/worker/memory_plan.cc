#include "engine/worker/memory_plan.h"

#include <algorithm>
#include <bit>

#include "engine/base/block.h"
#include "engine/dns/cache.h"
#include "engine/net/dpdk/fib_prefix_table.h"
#include "engine/net/range_prefix_table.h"
#include "engine/net/tcp/memory.h"
#include "engine/web/sts_cache.h"
#include "engine/worker/handshake_offload.h"
#include "engine/worker/inbound.h"
#include "scanners/spamassassin/known_texts.h"

namespace sluice::worker {
namespace {

constexpr std::uint64_t kQueuedMessageBytes = 512;  // index entry with a short envelope
constexpr std::uint64_t kTlsSessionBytes = 20 * 1024;

std::uint64_t sum(const std::vector<MemoryTerm>& terms) {
  std::uint64_t bytes = 0;
  for (const MemoryTerm& term : terms) bytes += term.bytes();
  return bytes;
}

// Returns what of it lies in DPDK's heap.
std::uint64_t plan_block_list(const config::Block& block, MemoryPlan& plan) {
  if (block.prefixes_max == 0) return 0;
  plan.per_worker.push_back({"block list hits", block.prefixes_max, sizeof(std::uint64_t),
                             "block.prefixes_max: connections refused, of each entry"});
  if (block.table == config::BlockTable::ranges) {
    plan.shared.push_back({"block list", 2 * std::uint64_t{block.prefixes_max},
                           net::RangePrefixTable::kBytesPerPrefix,
                           "block.prefixes_max: two tables, one read while the other is changed"});
    return 0;
  }
  plan.shared.push_back({"block list in rte_fib", 2,
                         net::FibPrefixTable::bytes_needed({block.prefixes_max, block.fib_groups}),
                         "block.fib_groups: two tables of both families, in DPDK's heap"});
  return plan.shared.back().bytes();
}

void plan_tls(const config::Config& config, MemoryPlan& plan) {
  const bool tls = std::ranges::any_of(
      config.listeners, [](const auto& listener) { return listener.tls != config::Tls::off; });
  if (!tls) return;
  const config::Memory& memory = config.memory;
  plan.per_worker.push_back({"TLS sessions", memory.sessions, kTlsSessionBytes,
                             "memory.sessions: an idle one, in OpenSSL's own memory"});
  plan.per_worker.push_back({"TLS read buffers", kTlsSpareBuffers + 1, tls::kPlainTextMax,
                             "decrypted octets that a session has not taken yet"});
  plan.per_worker.push_back({"TLS sources", memory.sessions,
                             policy::SourceRates::bytes_per_source(),
                             "memory.sessions: whose handshakes are counted"});
  if (!config.cores.offload.empty())
    plan.per_worker.push_back(
        {"TLS handshakes", memory.handshakes, sizeof(HandshakeJob),
         "memory.handshakes: on the offload CPUs at once, with their octets"});
}

void plan_lessons(const config::Config& config, MemoryPlan& plan) {
  if (config.bayes.enabled && config.bayes.auto_learn)
    plan.per_worker.push_back({"lessons", 1, std::bit_ceil(config.bayes.auto_learn_bytes),
                               "bayes.auto_learn_bytes: what waits to be learned"});
}

// What is on other threads than the workers'.
void plan_threads(const config::Config& config, MemoryPlan& plan) {
  if (config.mta_sts.enabled) {
    plan.shared.push_back({"MTA-STS policies", 1, config.mta_sts.memory_max,
                           "mta_sts.memory_max: at most; an ordinary one takes 400 octets"});
    plan.shared.push_back({"MTA-STS domains", config.mta_sts.policies_max,
                           web::StsCache::kEntryBytes,
                           "mta_sts.policies_max: at most; with why a fetch has failed"});
  }
  const config::Examination& examination = config.examination;
  if (examination.unpack)
    plan.shared.push_back({"examinations", examination.threads, examination.expanded_max,
                           "examination.threads: what is in the files of a message, at most"});
}

}  // namespace

std::uint64_t MemoryPlan::worker_bytes() const { return sum(per_worker); }

std::uint64_t MemoryPlan::total_bytes(std::size_t workers) const {
  return worker_bytes() * workers + sum(shared);
}

MemoryPlan plan_memory(const config::Config& config, std::uint64_t scan_bytes) {
  const config::Memory& memory = config.memory;
  MemoryPlan plan;
  plan.per_worker = {
      {"message blocks", memory.blocks, kBlockBytes,
       "memory.blocks: octets of messages between arrival and disk, and delivery's read-ahead"},
      {"sessions", memory.sessions, sizeof(Inbound),
       "memory.sessions: one inbound SMTP session each, with its reply buffer"},
      {"TCP connections", memory.connections * config.ports.size(), net::tcp::kOpenBytes,
       "memory.connections per port, inbound and outbound; touched when opened"},
      {"TCP repairs", memory.connections * config.ports.size(), net::tcp::kEpisodeBytes,
       "the same: of a connection while something is missing, in either direction"},
      {"TCP TIME-WAIT", memory.connections * config.ports.size(), net::tcp::kTimeWaitBytes,
       "the same: connections that ended"},
      {"scans", memory.transactions, scan_bytes,
       "memory.transactions: messages being received at once, with their rules' counts"},
      {"header fields", memory.transactions, 2 * std::uint64_t{config.scan.header_bytes_max},
       "scan.header_bytes_max, of a message and of a part: at most; an ordinary one takes 8 KiB"},
      {"known texts", 1, scan::sa::KnownTexts::memory_bytes(config.scan.known_texts_max),
       "scan.known_texts_max: what rules said of them"},
      {"queue index", config.queue.messages_max, kQueuedMessageBytes,
       "queue.messages_max: what a full queue takes; an empty one takes nothing"},
      {"event ring", 1, config.log.ring_bytes, "log.ring_bytes: events on their way to mail_logs"},
  };
  if (config.tcp.congestion_control == config::CongestionControl::bbr)
    plan.per_worker.push_back({"TCP path models", memory.connections * config.ports.size(),
                               net::tcp::kModelBytes,
                               "memory.connections per port: of a connection while it sends"});
  plan.per_worker.push_back({"DNS cache", config.dns.cache_entries, dns::Cache::kAnswerBytesMax,
                             "dns.cache_entries: at most; an ordinary answer takes 300 octets"});
  plan_tls(config, plan);
  plan_lessons(config, plan);
  plan_threads(config, plan);
  const std::uint64_t heap = std::uint64_t{memory.dpdk_mib} * 1024 * 1024;
  const std::uint64_t taken = plan_block_list(config.block, plan);
  if (!config.ports.empty())
    plan.shared.push_back({"DPDK heap", 1, heap - std::min(heap, taken),
                           "memory.dpdk_mib: packet buffers, when hugepages are not used"});
  return plan;
}

}  // namespace sluice::worker
