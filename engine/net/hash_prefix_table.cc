#include "engine/net/hash_prefix_table.h"

#include <cstring>

namespace sluice::net {

HashPrefixTable::HashPrefixTable(std::size_t prefixes_max) : prefixes_max_(prefixes_max) {
  values_.reserve(prefixes_max);
}

bool HashPrefixTable::insert(const Prefix& prefix, std::uint32_t value) {
  if (const auto at = values_.find(prefix); at != values_.end()) {
    at->second = value;
    return true;
  }
  if (values_.size() == prefixes_max_) return false;
  values_.emplace(prefix, value);
  family_of(prefix).note(prefix.length, 1);
  return true;
}

void HashPrefixTable::erase(const Prefix& prefix) {
  if (values_.erase(prefix) > 0) family_of(prefix).note(prefix.length, -1);
}

std::uint32_t HashPrefixTable::find(const IpAddress& address) const noexcept {
  for (const std::uint8_t length : (address.is_v4() ? v4_ : v6_).lengths)
    if (const auto at = values_.find(Prefix{address, length}.network()); at != values_.end())
      return at->second;
  return kNone;
}

std::size_t HashPrefixTable::Hash::operator()(const Prefix& prefix) const noexcept {
  std::uint64_t high, low;
  std::memcpy(&high, prefix.address.octets.data(), sizeof high);
  std::memcpy(&low, prefix.address.octets.data() + sizeof high, sizeof low);
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio
  std::uint64_t mixed = (high ^ prefix.length) * kOdd;
  mixed = (mixed ^ mixed >> 32 ^ low) * kOdd;
  return static_cast<std::size_t>(mixed ^ mixed >> 32);
}

void HashPrefixTable::Family::note(std::uint8_t length, int change) {
  count[length] += static_cast<std::uint32_t>(change);
  lengths.clear();
  for (std::size_t i = count.size(); i-- > 0;)
    if (count[i] > 0) lengths.push_back(static_cast<std::uint8_t>(i));
}

}  // namespace sluice::net
