#include "tools/loadgen/message_set.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace sluice::load {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kCorpusMax = 4ULL * 1024 * 1024 * 1024;  // octets held in memory

bool is_eight_bit(std::string_view octets) {
  return std::ranges::any_of(octets, [](char c) { return (c & 0x80) != 0; });
}

// The length of the mbox separator line at the start, 0 when there is none.
std::size_t mbox_line_length(std::string_view file) {
  if (!file.starts_with("From ")) return 0;
  const std::size_t end = file.find('\n');
  return end == std::string_view::npos ? file.size() : end + 1;
}

std::string with_crlf(std::string_view file) {
  std::string out;
  out.reserve(file.size() + file.size() / 32 + 2);
  for (std::size_t i = 0; i < file.size(); ++i) {
    const char c = file[i];
    if (c != '\r' && c != '\n') {
      out.push_back(c);
      continue;
    }
    if (c == '\r' && i + 1 < file.size() && file[i + 1] == '\n') ++i;
    out.append("\r\n");
  }
  if (!out.ends_with("\r\n")) out.append("\r\n");
  return out;
}

std::vector<fs::path> files_below(const std::string& path, std::error_code& error) {
  std::vector<fs::path> files;
  if (fs::is_regular_file(path, error)) return {path};
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator it(path, options, error), end; !error && it != end;
       it.increment(error))
    if (it->is_regular_file(error)) files.push_back(it->path());
  std::ranges::sort(files);
  return files;
}

std::string name_below(const fs::path& file, const std::string& root) {
  return file == fs::path(root) ? file.filename().string() : fs::relative(file, root).string();
}

}  // namespace

std::expected<std::vector<Message>, std::string> load_corpus(std::span<const std::string> paths) {
  std::vector<Message> messages;
  std::uint64_t total = 0;
  for (const std::string& path : paths) {
    std::error_code error;
    for (const fs::path& file : files_below(path, error)) {
      if (!error && file.extension() == ".json") continue;  // a table of expectations
      std::ifstream stream(file, std::ios::binary);
      const std::string octets{std::istreambuf_iterator<char>(stream), {}};
      if (!stream) return std::unexpected(file.string() + ": cannot be read");
      total += octets.size();
      if (total > kCorpusMax) return std::unexpected(path + ": a corpus of more than 4 GiB");
      messages.push_back(make_message(name_below(file, path), octets));
    }
    if (error) return std::unexpected(path + ": " + error.message());
  }
  if (messages.empty()) return std::unexpected("the corpus has no file");
  return messages;
}

Message make_message(std::string name, std::string_view file) {
  Message message;
  message.verbatim = name.ends_with(".raw");
  message.octets =
      message.verbatim ? disguise(file) : with_crlf(file.substr(mbox_line_length(file)));
  message.eight_bit = is_eight_bit(message.octets);
  message.name = std::move(name);
  return message;
}

std::string disguise(std::string_view octets) {
  std::string out(octets);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == '\r' && i + 1 < out.size() && out[i + 1] == '\n')
      ++i;
    else if (out[i] == '\r')
      out[i] = kBareCr;
    else if (out[i] == '\n')
      out[i] = kBareLf;
  }
  if (!out.ends_with("\r\n")) out.append("\r\n");
  return out;
}

void reveal(std::string& octets) {
  std::ranges::replace(octets, kBareCr, '\r');
  std::ranges::replace(octets, kBareLf, '\n');
}

}  // namespace sluice::load
