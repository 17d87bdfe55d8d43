#include "engine/dns/cache.h"

namespace sluice::dns {

AnswerRef Cache::find(const Question& question, Instant now) {
  const auto known = entries_.find(question);
  if (known == entries_.end()) return nullptr;
  if (known->second.answer->expires <= now) {
    recency_.erase(known->second.place);
    entries_.erase(known);
    return nullptr;
  }
  recency_.splice(recency_.begin(), recency_, known->second.place);
  return known->second.answer;
}

void Cache::put(const Question& question, AnswerRef answer) {
  if (footprint(*answer) > kAnswerBytesMax || entries_max_ == 0) return;
  const auto [place, fresh] = entries_.try_emplace(question);
  place->second.answer = std::move(answer);
  if (!fresh) return;
  recency_.push_front(&place->first);
  place->second.place = recency_.begin();
  if (entries_.size() <= entries_max_) return;
  const Question* oldest = recency_.back();
  recency_.pop_back();
  entries_.erase(entries_.find(*oldest));
}

void Cache::clear() noexcept {
  entries_.clear();
  recency_.clear();
}

std::size_t footprint(const Answer& answer) noexcept {
  std::size_t octets = sizeof answer + answer.canonical.size() + answer.trouble.size() +
                       answer.addresses.size() * sizeof(IpAddress);
  for (const MxRecord& record : answer.exchanges) octets += sizeof record + record.exchange.size();
  for (const std::string& name : answer.names) octets += sizeof name + name.size();
  for (const std::string& text : answer.texts) octets += sizeof text + text.size();
  for (const TlsaRecord& record : answer.tlsa) octets += sizeof record + record.data.size();
  return octets;
}

}  // namespace sluice::dns
