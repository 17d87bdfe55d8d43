#include "engine/web/sts_files.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

#include "engine/base/atomic_file.h"

namespace sluice::web {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHeadBytesMax = 256;

std::optional<std::string_view> take_head(std::string_view& text, std::string_view name) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(name)) return {};
  const std::string_view value = text.substr(name.size(), end - name.size());
  text.remove_prefix(end + 1);
  return value;
}

struct Stored {
  StsPolicy policy;
  WallTime fetched;
};

std::optional<Stored> read_stored(const fs::path& path, std::size_t bytes_max) {
  std::error_code error;
  if (fs::file_size(path, error) > bytes_max + kHeadBytesMax || error) return {};
  std::ifstream file(path, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  std::string_view text = content;
  const auto id = take_head(text, "id: ");
  const auto fetched = id ? take_head(text, "fetched: ") : std::nullopt;
  if (!fetched || !take_head(text, "")) return {};
  std::int64_t at = 0;
  if (std::from_chars(fetched->data(), fetched->data() + fetched->size(), at).ec != std::errc())
    return {};
  auto policy = parse_sts_policy(text);
  if (!policy) return {};
  policy->id = *id;
  return Stored{std::move(*policy), {at * 1'000'000'000}};
}

}  // namespace

std::string StsFiles::load(const Visit& keep, std::size_t file_bytes_max) const {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (!error) fs::permissions(directory_, fs::perms::owner_all, error);
  if (error) return directory_ + ": " + error.message();
  for (fs::directory_iterator at(directory_, error), end; !error && at != end;
       at.increment(error)) {
    auto stored = read_stored(at->path(), file_bytes_max);
    const std::string domain = at->path().filename().string();
    std::error_code ignored;
    if (!stored || !keep(domain, std::move(stored->policy), stored->fetched))
      fs::remove(at->path(), ignored);
  }
  return error ? directory_ + ": " + error.message() : std::string();
}

std::string StsFiles::store(const std::string& domain, const StsPolicy& policy,
                            WallTime fetched) const {
  const auto stored = replace_file(
      (fs::path(directory_) / domain).string(),
      fmt::format("id: {}\nfetched: {}\n\n{}", policy.id, fetched.unix_seconds(), policy.text));
  return stored ? std::string() : stored.error();
}

void StsFiles::forget(const std::string& domain) const {
  std::error_code ignored;
  fs::remove(fs::path(directory_) / domain, ignored);
}

}  // namespace sluice::web
