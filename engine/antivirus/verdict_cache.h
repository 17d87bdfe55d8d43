// What an anti-virus engine said of octets, by their SHA-256 and the engine's version, so that an
// attachment that comes again is not sent again. The oldest give way. For several threads.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace sluice::antivirus {

class VerdictCache {
 public:
  using Key = std::array<std::uint8_t, 32>;

  explicit VerdictCache(std::size_t entries_max) : entries_max_(entries_max) {}

  // The name of what was found, "" = clean; nothing: not known of this version.
  std::optional<std::string> find(const Key& key, const std::string& version);
  void put(const Key& key, const std::string& version, std::string found);
  std::size_t size() const;

 private:
  struct Entry {
    Key key;
    std::string found;
  };
  void use(const std::string& version);

  std::size_t entries_max_;
  mutable std::mutex mutex_;
  std::string version_;       // that all entries are of
  std::list<Entry> entries_;  // the one used last in front
  std::map<Key, std::list<Entry>::iterator> index_;
};

}  // namespace sluice::antivirus
