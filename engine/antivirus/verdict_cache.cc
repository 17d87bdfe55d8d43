#include "engine/antivirus/verdict_cache.h"

namespace sluice::antivirus {

// A new database may know what the old one did not.
void VerdictCache::use(const std::string& version) {
  if (version == version_) return;
  entries_.clear();
  index_.clear();
  version_ = version;
}

std::optional<std::string> VerdictCache::find(const Key& key, const std::string& version) {
  const std::lock_guard lock(mutex_);
  use(version);
  const auto found = index_.find(key);
  if (found == index_.end()) return {};
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->found;
}

void VerdictCache::put(const Key& key, const std::string& version, std::string found) {
  const std::lock_guard lock(mutex_);
  use(version);
  if (entries_max_ == 0 || index_.contains(key)) return;
  if (entries_.size() == entries_max_) {
    index_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front({key, std::move(found)});
  index_.emplace(key, entries_.begin());
}

std::size_t VerdictCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace sluice::antivirus
