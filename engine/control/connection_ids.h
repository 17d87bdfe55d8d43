// ICIDs and DCIDs go on where the last run stopped: a small file holds a number above every id ever
// given out; the control thread raises it well before the workers get there.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace sluice::control {

class ConnectionIds {
 public:
  // Reads directory/connection_ids (absent = 0) and reserves the first stretch.
  static std::expected<ConnectionIds, std::string> open(const std::string& directory);

  std::uint64_t base() const noexcept { return base_; }
  // `used`: ids given out since start. Extends the reservation when it runs low.
  std::expected<void, std::string> keep_ahead(std::uint64_t used);

 private:
  static constexpr std::uint64_t kStretch = 1'000'000;
  std::expected<void, std::string> reserve(std::uint64_t until);

  std::string path_;
  std::uint64_t base_ = 0;
  std::uint64_t reserved_ = 0;
};

}  // namespace sluice::control
