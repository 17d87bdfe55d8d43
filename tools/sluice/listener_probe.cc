#include "tools/sluice/listener_probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tls/context.h"
#include "tls/session.h"

namespace sluice::tools {
namespace {

using Problem = std::unexpected<std::string>;
constexpr int kPatienceMs = 10'000;  // for each answer of the server
constexpr std::size_t kReplyBytesMax = 64 * 1024;

// A socket as a ByteStream: read() takes what is there, wait() waits for more.
class SocketStream final : public ByteStream {
 public:
  ~SocketStream() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  bool open(const Endpoint& server) {
    sockaddr_in v4{.sin_family = AF_INET, .sin_port = htons(server.port)};
    sockaddr_in6 v6{.sin6_family = AF_INET6, .sin6_port = htons(server.port)};
    const bool is_v4 = server.address.is_v4();
    const std::string text = server.address.text();
    inet_pton(is_v4 ? AF_INET : AF_INET6, text.c_str(),
              is_v4 ? static_cast<void*>(&v4.sin_addr) : &v6.sin6_addr);
    descriptor_ = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = kPatienceMs / 1000};
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return is_v4 ? connect(descriptor_, reinterpret_cast<sockaddr*>(&v4), sizeof v4) == 0
                 : connect(descriptor_, reinterpret_cast<sockaddr*>(&v6), sizeof v6) == 0;
  }

  // False: nothing came in time, or the server has finished.
  bool wait() {
    pollfd waiting{.fd = descriptor_, .events = POLLIN};
    return !finished_ && poll(&waiting, 1, kPatienceMs) == 1;
  }

  ByteView readable() noexcept override {
    if (arrived_.empty() && !finished_) {
      char octets[16'384];
      const ssize_t count = recv(descriptor_, octets, sizeof octets, MSG_DONTWAIT);
      if (count > 0) arrived_.assign(octets, static_cast<std::size_t>(count));
      finished_ = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
    }
    return as_bytes(arrived_);
  }
  void consume(std::size_t count) noexcept override { arrived_.erase(0, count); }
  bool read_finished() const noexcept override { return finished_ && arrived_.empty(); }
  std::size_t write(ByteView octets) noexcept override {
    const ssize_t sent = send(descriptor_, octets.data(), octets.size(), MSG_NOSIGNAL);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
  }

 private:
  int descriptor_ = -1;
  std::string arrived_;
  bool finished_ = false;
};

// All lines of one reply, or what is wrong.
std::expected<std::string, std::string> read_reply(SocketStream& stream) {
  std::string reply;
  std::size_t line = 0;  // where the last one begins
  while (reply.size() < kReplyBytesMax) {
    const ByteView octets = stream.readable();
    if (octets.empty() && !stream.wait()) return Problem("the server does not answer");
    const std::size_t count = std::min(find_byte(octets, '\n') + 1, octets.size());
    reply += as_text(octets.first(count));
    stream.consume(count);
    if (!reply.ends_with('\n')) continue;
    if (reply.size() > line + 3 && reply[line + 3] != '-') return reply;
    line = reply.size();
  }
  return Problem("the server's reply does not end");
}

std::expected<std::string, std::string> command(SocketStream& stream, const std::string& line,
                                                std::string_view wanted) {
  if (!line.empty() && stream.write(as_bytes(line)) != line.size())
    return Problem("the server takes nothing");
  auto reply = read_reply(stream);
  if (reply && !reply->starts_with(wanted))
    return Problem("the server says: " + reply->substr(0, reply->find_last_not_of("\r\n") + 1));
  return reply;
}

std::expected<void, std::string> start_tls(SocketStream& stream) {
  if (auto greeted = command(stream, "", "220"); !greeted) return Problem(greeted.error());
  const auto offers = command(stream, "EHLO tlsverify.invalid\r\n", "250");
  if (!offers) return Problem(offers.error());
  if (offers->find("STARTTLS") == std::string::npos)
    return Problem("the server does not offer STARTTLS");
  if (auto ready = command(stream, "STARTTLS\r\n", "220"); !ready) return Problem(ready.error());
  return {};
}

std::expected<void, std::string> shake_hands(tls::Session& session, SocketStream& stream) {
  for (;;) {
    switch (session.handshake()) {
      case tls::Outcome::done: return {};
      case tls::Outcome::want_input:
        if (!stream.wait()) return Problem("the handshake stalls");
        break;
      case tls::Outcome::want_output: return Problem("the server takes nothing");
      default: return Problem("TLS failed: " + std::string(session.failure().view()));
    }
  }
}

}  // namespace

std::expected<Probe, std::string> probe_tls(const Endpoint& server, bool implicit,
                                            const std::string& host) {
  SocketStream stream;
  if (!stream.open(server)) return Problem(server.text() + ": " + std::strerror(errno));
  if (!implicit)
    if (auto ready = start_tls(stream); !ready)
      return Problem(server.text() + ": " + ready.error());
  const auto context = tls::Context::client({});
  if (!context) return Problem(context.error());
  tls::Session session;
  if (!session.connect(**context, stream, host.c_str())) return Problem("no memory");
  if (auto done = shake_hands(session, stream); !done)
    return Problem(server.text() + ": " + done.error());
  Probe probe{session.protocol(), session.cipher(), session.peer_chain()};
  session.close();
  return probe;
}

}  // namespace sluice::tools
