#include "scanners/spamassassin/known_texts.h"

#include <algorithm>
#include <bit>

namespace sluice::scan::sa {
namespace {

std::size_t sets_for(std::size_t texts, std::size_t ways) noexcept {
  return texts == 0 ? 0 : std::bit_ceil(std::max(texts, ways)) / ways;
}

}  // namespace

void KnownTexts::Text::keep(std::uint32_t rule, std::uint32_t count) noexcept {
  if (!learning()) return;
  if (record_->count == kHitsMax || rule > UINT16_MAX || count > UINT16_MAX) {
    record_->state = State::unfit;
    return;
  }
  record_->hits[record_->count++] = {static_cast<std::uint16_t>(rule),
                                     static_cast<std::uint16_t>(count)};
}

KnownTexts::KnownTexts(std::size_t texts)
    : sets_(sets_for(texts, kWays)), records_(sets_.size() * kWays) {
  if (texts > 0) hash_.emplace();
}

std::size_t KnownTexts::memory_bytes(std::size_t texts) noexcept {
  return sets_for(texts, kWays) * (sizeof(Set) + kWays * sizeof(Record));
}

KnownTexts::Text KnownTexts::find(std::string_view text, const void* reader) noexcept {
  Text found;
  if (!hash_ || text.size() > kTextBytesMax) return found;
  tls::KeyedHash::Value hash = (*hash_)(as_bytes(text));
  hash.low ^= std::bit_cast<std::uintptr_t>(reader);
  const std::size_t place = hash.high & (sets_.size() - 1);
  Set& set = sets_[place];
  const auto at = std::ranges::find(set.hashes, hash);
  if (at != set.hashes.end()) {
    found.record_ = &records_[place * kWays + static_cast<std::size_t>(at - set.hashes.begin())];
    if (found.record_->state == State::seen) found.record_->state = State::learning;
    ++(found.known() ? statistics_.hits : statistics_.misses);
    return found;
  }
  ++statistics_.misses;
  auto free = std::ranges::find(set.hashes, tls::KeyedHash::Value{});
  if (free == set.hashes.end()) {
    free = set.hashes.begin() + static_cast<std::ptrdiff_t>(hash.high >> 62);
    ++statistics_.evictions;
  }
  *free = hash;
  Record& record = records_[place * kWays + static_cast<std::size_t>(free - set.hashes.begin())];
  record.state = State::seen;
  record.count = 0;
  return found;
}

}  // namespace sluice::scan::sa
