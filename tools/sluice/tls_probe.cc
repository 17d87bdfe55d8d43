#include "tools/sluice/tls_probe.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "engine/net/kernel/socket.h"
#include "engine/smtp/client_session.h"
#include "tls/context.h"
#include "tls/session.h"

namespace sluice::tools {
namespace {

constexpr std::size_t kBannerMax = 512;

// A socket as the sans-I/O machines want it; wait() is where time passes.
class Socket final : public ByteStream {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(descriptor_); }

  ByteView readable() noexcept override { return ByteView(buffer_).subspan(begin_, end_ - begin_); }
  void consume(std::size_t count) noexcept override { begin_ += count; }
  bool read_finished() const noexcept override { return ended_ && begin_ == end_; }
  std::size_t write(ByteView octets) noexcept override {
    const ssize_t sent = send(descriptor_, octets.data(), octets.size(), MSG_NOSIGNAL);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
  }
  // Waits for octets and reads them. False when none came in time.
  bool wait(int milliseconds) noexcept {
    if (begin_ < end_ || ended_) return true;
    pollfd entry{descriptor_, POLLIN, 0};
    if (poll(&entry, 1, milliseconds) <= 0) return false;
    const ssize_t count = read(descriptor_, buffer_.data(), buffer_.size());
    begin_ = 0;
    end_ = count > 0 ? static_cast<std::size_t>(count) : 0;
    ended_ = count == 0 || (count < 0 && errno != EAGAIN);
    return true;
  }

 private:
  int descriptor_;
  std::array<std::uint8_t, 16'384> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  bool ended_ = false;
};

class Probe {
 public:
  explicit Probe(const ProbeTarget& target)
      : target_(target), until_(clock_.now() + target.limit) {}

  ProbeResult run() {
    if (!connect_socket() || !say_hello() || !shake_hands()) return std::move(result_);
    result_.protocol = session_.protocol();
    result_.cipher = session_.cipher();
    result_.chain = session_.peer_chain();
    const tls::PeerCheck check = session_.peer(target_.policy);
    result_.verified = check.verified;
    result_.reason = check.reason;
    session_.close();
    return std::move(result_);
  }

 private:
  bool fail(std::string fault) {
    result_.fault = std::move(fault);
    return false;
  }
  int left_ms() {
    return static_cast<int>(std::max<std::int64_t>(0, (until_ - clock_.now()).ms()));
  }

  bool connect_socket() {
    const auto descriptor = net::open_connection(target_.address);
    if (!descriptor) return fail(std::strerror(descriptor.error()));
    socket_ = std::make_unique<Socket>(*descriptor);
    pollfd entry{*descriptor, POLLOUT, 0};
    if (poll(&entry, 1, left_ms()) <= 0) return fail("no connection within the time limit");
    const int fault = net::pending_error(*descriptor);
    return fault == 0 || fail(std::strerror(fault));
  }

  // Up to the peer's 220 to STARTTLS.
  bool say_hello() {
    smtp_.open({.hostname = target_.hostname,
                .tls = target_.implicit ? smtp::ClientTls::implicit : smtp::ClientTls::required},
               clock_.now());
    while (!smtp_.wants_tls()) {
      const ByteView output = smtp_.output();
      smtp_.output_sent(socket_->write(output));
      if (smtp_.finished()) return fail(std::string(smtp_.failure()));
      if (!socket_->wait(left_ms())) return fail("no answer within the time limit");
      if (socket_->read_finished()) return fail("the peer closed the connection");
      const ByteView input = socket_->readable();
      note_banner(as_text(input));
      socket_->consume(smtp_.receive(input, clock_.now()));
    }
    return true;
  }

  void note_banner(std::string_view text) {
    if (!result_.banner.empty() || !text.starts_with("220") || text.size() < 5) return;
    text = text.substr(4, kBannerMax);
    result_.banner = text.substr(0, text.find_first_of(" \r\n"));
  }

  bool shake_hands() {
    auto context = tls::Context::client({});
    if (!context) return fail(context.error());
    if (!session_.connect(**context, *socket_, target_.policy))
      return fail("no TLSA record can be used");
    for (;;) {
      switch (session_.handshake()) {
        case tls::Outcome::done: return true;
        case tls::Outcome::want_input:
          if (!socket_->wait(left_ms())) return fail("no handshake within the time limit");
          break;
        case tls::Outcome::want_output: return fail("the handshake cannot be sent");
        default: return fail("TLS: " + std::string(session_.failure().view()));
      }
    }
  }

  const ProbeTarget& target_;
  SystemClock clock_;
  Instant until_;
  ProbeResult result_;
  std::unique_ptr<Socket> socket_;
  smtp::ClientSession smtp_;
  tls::Session session_;  // goes before the socket
};

}  // namespace

ProbeResult probe(const ProbeTarget& target) { return Probe(target).run(); }

}  // namespace sluice::tools
