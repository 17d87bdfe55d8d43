// Policies on disk, one file for each domain, so that a restart knows them: "id" and "fetched"
// lines, an empty line, and the policy as it was fetched.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "engine/base/clock.h"
#include "engine/web/sts_policy.h"

namespace sluice::web {

class StsFiles {
 public:
  explicit StsFiles(std::string directory) : directory_(std::move(directory)) {}

  using Visit = std::function<bool(const std::string& domain, StsPolicy policy, WallTime fetched)>;
  // Makes the directory; reads every file. One that is not by the format, and one that `keep`
  // returns false for, is removed. The text says what could not be read, empty: nothing.
  std::string load(const Visit& keep, std::size_t file_bytes_max) const;
  // Empty, or why it is not stored.
  std::string store(const std::string& domain, const StsPolicy& policy, WallTime fetched) const;
  void forget(const std::string& domain) const;

 private:
  std::string directory_;
};

}  // namespace sluice::web
