// Reads of queued messages for the operator's commands: a few at a time, each into memory of its
// own, so that whoever asked may be gone when the disk answers.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <vector>

#include "queueing/shard.h"

namespace sluice::worker {

class OperatorReads {
 public:
  static constexpr std::uint64_t kFirstToken = 1ULL << 62;
  static constexpr std::uint64_t kTokensEnd = kFirstToken << 1;
  static constexpr std::size_t kReadsMax = 4;
  static bool owns(std::uint64_t token) noexcept {
    return token >= kFirstToken && token < kTokensEnd;
  }

  // The octets read, or nullptr when the disk failed.
  using Done = std::function<void(const std::vector<std::uint8_t>* octets)>;

  // False: no such message, or too many reads are under way; `done` is not called.
  bool start(queueing::Shard& shard, Mid mid, std::uint64_t offset, std::size_t size, Done done) {
    if (reads_.size() >= kReadsMax) return false;
    const std::uint64_t token = kFirstToken + next_++ % kFirstToken;
    Read& read = reads_[token];
    read = {std::vector<std::uint8_t>(size), std::move(done)};
    if (shard.read(mid, offset, read.octets, token)) return true;
    reads_.erase(token);
    return false;
  }

  void read_done(const queueing::Shard::ReadDone& result) {
    const auto at = reads_.find(result.token);
    if (at == reads_.end()) return;
    if (result.octets) at->second.octets.resize(*result.octets);
    at->second.done(result.octets ? &at->second.octets : nullptr);
    reads_.erase(at);
  }

 private:
  struct Read {
    std::vector<std::uint8_t> octets;
    Done done;
  };
  std::map<std::uint64_t, Read> reads_;
  std::uint64_t next_ = 0;
};

}  // namespace sluice::worker
