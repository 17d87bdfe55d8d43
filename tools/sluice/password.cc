#include "tools/sluice/password.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluice::tools {
namespace {

constexpr std::size_t kPasswordMax = 1'024;  // octets

// Octet by octet: what stands behind the line is not ours.
std::expected<tls::Secret, std::string> read_line(int file) {
  tls::Secret line(kPasswordMax);
  for (char octet = 0; read(file, &octet, 1) == 1 && octet != '\n';) {
    if (line.text().size() + 1 >= kPasswordMax) return std::unexpected("the password is too long");
    line.text().push_back(octet);
  }
  if (line.text().ends_with('\r')) line.text().pop_back();
  if (line.text().empty()) return std::unexpected("the password is empty");
  return line;
}

std::expected<tls::Secret, std::string> ask(int terminal, std::string_view prompt) {
  termios before{};
  if (tcgetattr(terminal, &before) != 0) return std::unexpected("the terminal cannot be used");
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(terminal, TCSAFLUSH, &silent);
  bool shown = write(terminal, prompt.data(), prompt.size()) > 0;
  auto line = read_line(terminal);
  tcsetattr(terminal, TCSAFLUSH, &before);
  shown = write(terminal, "\n", 1) > 0 && shown;
  if (!shown) return std::unexpected("the terminal cannot be used");
  return line;
}

std::expected<tls::Secret, std::string> from_terminal(bool twice) {
  const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (terminal < 0)
    return std::unexpected("there is no terminal to ask for the password; see --password-file");
  auto first = ask(terminal, "Password: ");
  if (first && twice) {
    const auto second = ask(terminal, "Again: ");
    if (!second)
      first = std::unexpected(second.error());
    else if (second->view() != first->view())
      first = std::unexpected("the two passwords differ");
  }
  close(terminal);
  return first;
}

}  // namespace

std::expected<tls::Secret, std::string> read_password(const std::string& source, bool twice) {
  if (source.empty()) return from_terminal(twice);
  if (source == "-") return read_line(STDIN_FILENO);
  const int file = open(source.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::unexpected(source + ": " + std::strerror(errno));
  auto line = read_line(file);
  close(file);
  if (!line) return std::unexpected(source + ": " + line.error());
  return line;
}

}  // namespace sluice::tools
