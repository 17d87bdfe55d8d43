#include "engine/worker/block_filter.h"

namespace sluice::worker {

using policy::BlockMode;
using policy::BlockValue;

net::SynVerdict BlockFilter::verdict(const IpAddress& source) noexcept {
  const std::uint32_t found = table_->find(source);
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
