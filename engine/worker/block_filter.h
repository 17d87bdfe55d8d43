// The block list as one worker sees it: a table to look sources up in, which the control thread
// exchanges for another, and a counter per entry.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/net/prefix_table.h"
#include "engine/net/syn_filter.h"
#include "engine/policy/block_list.h"

namespace sluice::worker {

class BlockFilter final : public net::SynFilter {
 public:
  BlockFilter(std::shared_ptr<const net::PrefixTable> table, std::uint32_t entries_max)
      : table_(std::move(table)), hits_(entries_max) {}

  // At the SYN; what is to be refused politely is admitted.
  void verdicts(std::span<const IpAddress> sources, net::SynVerdict* verdicts) noexcept override;
  // Of a connection that was accepted: how it is to be refused, if it is. Kernel sockets ask only
  // here.
  std::optional<policy::BlockMode> refusal(const IpAddress& source) noexcept;

  // Between two polls. `fresh`: slots of entries that are new in this table.
  void exchange(std::shared_ptr<const net::PrefixTable> table,
                std::span<const std::uint32_t> fresh) noexcept;
  std::uint64_t hits(std::uint32_t slot) const noexcept { return hits_[slot]; }

 private:
  net::SynVerdict judge(std::uint32_t found) noexcept;

  std::shared_ptr<const net::PrefixTable> table_;
  std::vector<std::uint64_t> hits_;  // [slot] connections refused
};

}  // namespace sluice::worker
