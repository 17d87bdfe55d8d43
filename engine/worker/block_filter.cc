#include "engine/worker/block_filter.h"

#include <array>

namespace sluice::worker {

using policy::BlockMode;
using policy::BlockValue;

void BlockFilter::verdicts(std::span<const IpAddress> sources, net::SynVerdict* verdicts) noexcept {
  std::array<std::uint32_t, kBurst> found;
  table_->find(sources, found.data());
  for (std::size_t i = 0; i < sources.size(); ++i)
    if (found[i] != net::PrefixTable::kNone)
      __builtin_prefetch(&hits_[BlockValue::unpack(found[i]).slot], 1);
  for (std::size_t i = 0; i < sources.size(); ++i) verdicts[i] = judge(found[i]);
}

net::SynVerdict BlockFilter::judge(std::uint32_t found) noexcept {
  if (found == net::PrefixTable::kNone) return net::SynVerdict::admit;
  const BlockValue value = BlockValue::unpack(found);
  if (value.mode == BlockMode::refuse) return net::SynVerdict::admit;  // counted when refused
  ++hits_[value.slot];
  return value.mode == BlockMode::drop ? net::SynVerdict::drop : net::SynVerdict::reset;
}

std::optional<BlockMode> BlockFilter::refusal(const IpAddress& source) noexcept {
  const std::uint32_t found = table_->find(source);
  if (found == net::PrefixTable::kNone) return {};
  const BlockValue value = BlockValue::unpack(found);
  ++hits_[value.slot];
  return value.mode;
}

void BlockFilter::exchange(std::shared_ptr<const net::PrefixTable> table,
                           std::span<const std::uint32_t> fresh) noexcept {
  table_ = std::move(table);
  for (const std::uint32_t slot : fresh) hits_[slot] = 0;
}

}  // namespace sluice::worker
