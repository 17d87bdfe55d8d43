// What took long to compile, kept on disk: a folder of files named by the hash of what they were
// made from. Each holds that description in full and is used for exactly it; what is damaged or
// foreign is not used, named in the notes, and made again. Safe for several threads and processes.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::scan::sa {

class ArtifactCache {
 public:
  // Makes the folder within one that is there, for its owner only; without a name nothing is kept.
  explicit ArtifactCache(std::string folder);

  std::optional<std::string> find(std::string_view description);
  // Written beside and renamed: others see it whole or not at all.
  void store(std::string_view description, std::string_view artifact);
  // Removes what was neither found nor stored and is older than 30 days.
  void clean();

  const std::vector<std::string>& notes() const noexcept { return notes_; }
  std::size_t found() const noexcept { return found_; }
  std::size_t stored() const noexcept { return stored_; }

 private:
  std::string path_of(std::string_view description) const;
  void note(std::string text);

  std::string folder_;
  std::mutex mutex_;  // of what follows
  std::vector<std::string> notes_;
  std::vector<std::string> used_;
  std::size_t found_ = 0;
  std::size_t stored_ = 0;
};

}  // namespace sluice::scan::sa
