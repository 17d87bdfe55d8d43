#include "engine/control/credentials.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/control/secret_file.h"

namespace sluice::control {
namespace {

// The next line of `text`, without its end.
std::string take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string line(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

bool can_be_sent(const std::string& word) {
  return !word.empty() && word.size() <= smtp::kCredentialBytesMax &&
         word.find('\0') == std::string::npos;
}

std::expected<smtp::Credentials, std::string> parse(std::string_view text) {
  smtp::Credentials found;
  found.user = take_line(text);
  found.password = take_line(text);
  if (!can_be_sent(found.user) || !can_be_sent(found.password) || !text.empty())
    return std::unexpected(
        fmt::format("is not a line with a user name and one with a password, 1..{} octets each",
                    smtp::kCredentialBytesMax));
  return found;
}

}  // namespace

std::expected<smtp::Credentials, std::string> read_credentials(const std::string& path) {
  const auto text = read_secret_file(path);
  if (!text) return std::unexpected(text.error());
  auto found = parse(*text);
  if (!found) return std::unexpected(fmt::format("{}: {}", path, found.error()));
  return found;
}

}  // namespace sluice::control
