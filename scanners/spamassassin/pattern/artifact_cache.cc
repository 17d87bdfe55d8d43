#include "scanners/spamassassin/pattern/artifact_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "engine/base/bytes.h"
#include "engine/base/crc32c.h"

namespace sluice::scan::sa {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "sluice-artifact-1\n";
constexpr std::string_view kSuffix = ".artifact";
constexpr auto kUnusedMax = std::chrono::days(30);
constexpr std::size_t kFilesMax = 10'000;  // of the folder that clean() looks at

// FNV-1a, twice with different starts: a name, not a proof; the description is compared.
std::uint64_t hash_of(std::string_view text, std::uint64_t hash) noexcept {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

struct Head {
  std::uint64_t description_bytes = 0;
  std::uint64_t artifact_bytes = 0;
  std::uint32_t checksum = 0;
  std::uint32_t unused = 0;
};

std::string file_text(std::string_view description, std::string_view artifact) {
  const Head head{description.size(), artifact.size(), crc32c(as_bytes(artifact)), 0};
  std::string text(kMagic);
  text.append(reinterpret_cast<const char*>(&head), sizeof head);
  text += description;
  text += artifact;
  return text;
}

// The artifact within the text of a file; nothing when it is not whole.
std::optional<std::string_view> artifact_of(std::string_view text, std::string_view description) {
  Head head;
  if (!text.starts_with(kMagic) || text.size() < kMagic.size() + sizeof head) return {};
  text.remove_prefix(kMagic.size());
  std::memcpy(&head, text.data(), sizeof head);
  text.remove_prefix(sizeof head);
  if (head.description_bytes > text.size() ||
      head.artifact_bytes != text.size() - head.description_bytes)
    return {};
  if (text.substr(0, head.description_bytes) != description) return {};
  text.remove_prefix(head.description_bytes);
  if (crc32c(as_bytes(text)) != head.checksum) return {};
  return text;
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

ArtifactCache::ArtifactCache(std::string folder) : folder_(std::move(folder)) {
  if (folder_.empty()) return;
  struct stat status{};
  // What others could write would be run as code: such a folder is no cache.
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST)
    note(fmt::format("{}: {}; compiled rules are not kept", folder_, std::strerror(errno)));
  else if (::stat(folder_.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
           status.st_uid != ::geteuid() || (status.st_mode & 077) != 0)
    note(
        fmt::format("{}: not a folder that its owner alone can reach (0700, uid {}); compiled "
                    "rules are not kept",
                    folder_, ::geteuid()));
  else
    return;
  folder_.clear();
}

void ArtifactCache::note(std::string text) {
  const std::lock_guard lock(mutex_);
  notes_.push_back(std::move(text));
}

std::string ArtifactCache::path_of(std::string_view description) const {
  return fmt::format("{}/{:016x}{:016x}{}", folder_, hash_of(description, 0xcbf29ce484222325),
                     hash_of(description, 0x84222325cbf29ce4), kSuffix);
}

std::optional<std::string> ArtifactCache::find(std::string_view description) {
  if (folder_.empty()) return {};
  const std::string path = path_of(description);
  std::ifstream in(path, std::ios::binary);
  if (!in.is_open()) return {};
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto artifact = artifact_of(text, description);
  if (!artifact) {
    note(fmt::format("{}: damaged, or not for these rules; it is compiled again", path));
    return {};
  }
  const std::lock_guard lock(mutex_);
  used_.push_back(path);
  ++found_;
  return std::string(*artifact);
}

void ArtifactCache::store(std::string_view description, std::string_view artifact) {
  if (folder_.empty()) return;
  const std::string path = path_of(description);
  std::string beside = path + ".XXXXXX";
  const int file = ::mkostemp(beside.data(), O_CLOEXEC);  // 0600
  const bool written = file >= 0 && write_all(file, file_text(description, artifact));
  if (file >= 0) ::close(file);
  // Not synced: after a power cut the checksum tells.
  if (!written || ::rename(beside.c_str(), path.c_str()) != 0) {
    note(fmt::format("{}: {}; it is not kept", path, std::strerror(errno)));
    if (file >= 0) ::unlink(beside.c_str());
    return;
  }
  const std::lock_guard lock(mutex_);
  used_.push_back(path);
  ++stored_;
}

void ArtifactCache::clean() {
  if (folder_.empty() || stored_ == 0) return;
  std::error_code fault;
  const auto now = fs::file_time_type::clock::now();
  std::size_t seen = 0;
  for (const auto& entry : fs::directory_iterator(folder_, fault)) {
    if (++seen > kFilesMax) break;
    const std::string path = entry.path().string();
    if (path.find(kSuffix) == std::string::npos || std::ranges::find(used_, path) != used_.end())
      continue;
    const auto written = entry.last_write_time(fault);
    if (!fault && now - written > kUnusedMax) fs::remove(entry.path(), fault);
  }
}

}  // namespace sluice::scan::sa
