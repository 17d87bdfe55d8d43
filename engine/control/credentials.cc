#include "engine/control/credentials.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace sluice::control {
namespace {

constexpr std::size_t kFileBytesMax = 1'024;

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

std::expected<smtp::Credentials, std::string> read_from(int fd) {
  struct stat status{};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return std::unexpected("is not a file");
  if ((status.st_mode & 077) != 0)
    return std::unexpected(
        fmt::format("has mode {:04o}: others may read it; chmod 600", status.st_mode & 07777));
  std::array<char, kFileBytesMax> text;
  const ssize_t count = read(fd, text.data(), text.size());
  if (count < 0) return std::unexpected(std::generic_category().message(errno));
  return parse({text.data(), static_cast<std::size_t>(count)});
}

}  // namespace

std::expected<smtp::Credentials, std::string> read_credentials(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0)
    return std::unexpected(fmt::format("{}: {}", path, std::generic_category().message(errno)));
  auto found = read_from(fd);
  close(fd);
  if (!found) return std::unexpected(fmt::format("{}: {}", path, found.error()));
  return found;
}

}  // namespace sluice::control
