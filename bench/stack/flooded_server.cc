#include "bench/stack/flooded_server.h"

#include <time.h>

#include <algorithm>

namespace sluice::bench {
namespace {

constexpr std::size_t kRingPackets = 1'024;  // receive descriptors of a device
constexpr std::size_t kBurst = 64;           // packets between two looks at the clock
constexpr std::uint64_t kRoundTripNs = 1'000'000;
constexpr std::uint32_t kHonestNetwork = 0x0a000000;
constexpr std::uint32_t kFloodNetwork = 0x0b000000;
constexpr std::uint32_t kPortsPerPeer = 50'000;
constexpr std::size_t kPacketMax = 256;     // octets that the server sends here
constexpr std::size_t kDestinationAt = 16;  // in an IPv4 header

std::uint64_t cpu_ns() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

// What reading the clock twice adds to a span.
std::uint64_t clock_cost_ns() {
  static const std::uint64_t cost = [] {
    std::uint64_t least = UINT64_MAX;
    for (int i = 0; i < 1'000; ++i) {
      const std::uint64_t start = cpu_ns();
      least = std::min(least, cpu_ns() - start);
    }
    return least;
  }();
  return cost;
}

}  // namespace

FloodedServer::FloodedServer(const StackLibrary& library, const std::string& options,
                             const Load& load)
    : library_(library),
      load_(load),
      link_(library, options),
      listener_(link_.listen()),
      start_ns_(link_.now_ns()),
      now_ns_(start_ns_),
      honest_due_ns_(static_cast<double>(start_ns_)),
      flood_due_ns_(load.flood == 0 ? 1e30 : static_cast<double>(start_ns_)) {}

Outcome FloodedServer::run() {
  const auto length_ns = static_cast<std::uint64_t>(load_.seconds * 1e9);
  while (now_ns_ < start_ns_ + length_ns) {
    let_arrive();
    if (ring_.empty()) {
      now_ns_ = next_arrival_ns();
      continue;
    }
    now_ns_ += serve();
    answer(now_ns_ + kRoundTripNs);
    const slt_stats stats = stats_of(library_, link_.server());
    tcbs_max_ = std::max(tcbs_max_, stats.tcbs - stats.time_wait);
  }
  const double elapsed_ns = static_cast<double>(now_ns_ - start_ns_);
  return {.established_rate = static_cast<double>(accepted_) / elapsed_ns * 1e9,
          .tcbs_max = tcbs_max_};
}

std::uint64_t FloodedServer::next_arrival_ns() const {
  const double syn_ns = std::min(honest_due_ns_, flood_due_ns_);
  const auto next = static_cast<std::uint64_t>(syn_ns) + 1;
  return std::max(now_ns_ + 1, answers_.empty() ? next : std::min(next, answers_.front().first));
}

// Everything that is due, in the order of its time.
void FloodedServer::let_arrive() {
  const double honest_gap_ns = 1e9 / load_.honest_rate;
  for (;;) {
    const double answer_ns = answers_.empty() ? 1e30 : static_cast<double>(answers_.front().first);
    const double next_ns = std::min({honest_due_ns_, flood_due_ns_, answer_ns});
    if (next_ns > static_cast<double>(now_ns_)) return;
    if (next_ns == answer_ns) {
      arrive(std::move(answers_.front().second));
      answers_.pop_front();
    } else if (next_ns == honest_due_ns_) {
      arrive(honest_syn());
      honest_due_ns_ += honest_gap_ns;
    } else {
      arrive(flood_syn());
      flood_due_ns_ += honest_gap_ns / load_.flood;
    }
  }
}

void FloodedServer::arrive(Octets packet) {
  if (ring_.size() < kRingPackets) ring_.push_back(std::move(packet));
}

FloodedServer::Octets FloodedServer::honest_syn() {
  const std::uint32_t attempt = attempts_++;
  return make_syn({kHonestNetwork + 1 + attempt / kPortsPerPeer,
                   static_cast<std::uint16_t>(1'024 + attempt % kPortsPerPeer)},
                  attempt);
}

FloodedServer::Octets FloodedServer::flood_syn() {
  return make_syn({kFloodNetwork + static_cast<std::uint32_t>(random_.below(1 << 24)),
                   static_cast<std::uint16_t>(1'024 + random_.below(60'000))},
                  static_cast<std::uint32_t>(random_.next()));
}

// What one core does with a burst; returns its CPU time.
std::uint64_t FloodedServer::serve() {
  burst_.clear();
  for (; !ring_.empty() && burst_.size() < kBurst; ring_.pop_front())
    burst_.push_back(std::move(ring_.front()));
  sent_.assign(4 * kBurst, Octets(kPacketMax));
  std::size_t sent = 0;
  std::uint64_t sessions = 0;
  const std::uint64_t start_ns = cpu_ns();
  library_.advance(link_.server(), now_ns_);
  for (const Octets& packet : burst_) library_.input(link_.server(), packet.data(), packet.size());
  for (int fd; (fd = library_.accept(link_.server(), listener_, nullptr, nullptr)) >= 0;) {
    ++sessions;
    library_.close(link_.server(), fd);
  }
  while (sent < sent_.size()) {
    Octets& packet = sent_[sent];
    const ssize_t length = library_.output(link_.server(), packet.data(), packet.size(), nullptr);
    if (length <= 0) break;
    packet.resize(static_cast<std::size_t>(length));
    ++sent;
  }
  const std::uint64_t taken_ns = cpu_ns() - start_ns;
  sent_.resize(sent);
  accepted_ += sessions;
  return std::max<std::uint64_t>(taken_ns, clock_cost_ns() + 1) - clock_cost_ns() +
         static_cast<std::uint64_t>(static_cast<double>(sessions) * load_.session_us * 1e3);
}

// Honest peers complete the handshake and the close; a round trip later that arrives.
void FloodedServer::answer(std::uint64_t at_ns) {
  for (const Octets& packet : sent_) {
    if (packet[kDestinationAt] != kHonestNetwork >> 24) continue;
    if (auto reply = answer_of_peer(packet)) answers_.emplace_back(at_ns, std::move(*reply));
  }
}

}  // namespace sluice::bench
