#include "engine/antivirus/clamd.h"

#include <algorithm>
#include <array>

namespace sluice::antivirus {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kReplyMax = 4096;
constexpr Duration kVersionAge = minutes(1);  // freshclam brings a new database every hour or so

std::array<std::uint8_t, 4> big_endian(std::uint32_t value) noexcept {
  return {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
          static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

// "stream: Eicar-Test-Signature FOUND", "stream: OK", "INSTREAM size limit exceeded. ERROR"
Answer answer_of(std::string_view reply) {
  constexpr std::string_view kStream = "stream: ";
  if (reply.starts_with(kStream)) reply.remove_prefix(kStream.size());
  if (reply == "OK") return {Outcome::clean, {}};
  if (reply.ends_with(" FOUND")) {
    reply.remove_suffix(6);
    return {Outcome::infected, std::string(reply)};
  }
  if (reply.find("size limit exceeded") != reply.npos)
    return {Outcome::too_large, "beyond StreamMaxLength of clamd"};
  return {Outcome::failed, "clamd: " + std::string(reply)};
}

}  // namespace

std::expected<void, std::string> Clamd::connect(const Patience& patience) {
  const Instant latest = SystemClock().now() + connect_timeout_;
  auto opened = Connection::open(server_, {std::min(latest, patience.deadline), patience.stop});
  if (!opened) return std::unexpected(opened.error());
  connection_ = std::move(*opened);
  return connection_.write(as_bytes("zIDSESSION\0"sv), patience);
}

std::expected<void, std::string> Clamd::send_stream(Octets octets, const Patience& patience) {
  if (auto done = connection_.write(as_bytes("zINSTREAM\0"sv), patience); !done) return done;
  for (const ByteView piece : octets) {
    if (piece.empty()) continue;  // a length of 0 is the end
    const auto size = big_endian(static_cast<std::uint32_t>(piece.size()));
    if (auto done = connection_.write(size, patience); !done) return done;
    if (auto done = connection_.write(piece, patience); !done) return done;
  }
  return connection_.write(big_endian(0), patience);
}

// A reply is "1: stream: OK": the number of the command within the session is taken off.
std::expected<std::string, std::string> Clamd::reply(const Patience& patience) {
  auto text = connection_.read_until("\0"sv, kReplyMax, patience);
  if (!text) return text;
  const std::size_t colon = text->find(": ");
  if (colon != text->npos && text->find_first_not_of("0123456789") == colon)
    text->erase(0, colon + 2);
  return text;
}

// clamd closes a session that was idle, and ends when it is restarted: a connection that was used
// before gets a second try.
std::expected<std::string, std::string> Clamd::command(Octets octets, const Patience& patience) {
  for (bool fresh = false; !fresh;) {
    fresh = !connection_.is_open() || connection_.is_stale();
    if (fresh)
      if (auto connected = connect(patience); !connected) return std::unexpected(connected.error());
    const auto sent = send_stream(octets, patience);
    auto answer = reply(patience);  // a refusal may come before all is sent
    if (answer) {
      if (!sent) connection_.close();
      return answer;
    }
    connection_.close();
    if (fresh || patience.over()) return std::unexpected(sent ? answer.error() : sent.error());
  }
  return std::unexpected("not reached");
}

Answer Clamd::scan(Octets octets, const Patience& patience) {
  const auto text = command(octets, patience);
  if (!text) return {Outcome::failed, "clamd: " + text.error()};
  return answer_of(*text);
}

std::string Clamd::version(const Patience& patience) {
  const Instant now = SystemClock().now();
  if (!version_.empty() && now - version_asked_ < kVersionAge) return version_;
  version_.clear();
  version_asked_ = now;
  if ((!connection_.is_open() || connection_.is_stale()) && !connect(patience)) return {};
  if (!connection_.write(as_bytes("zVERSION\0"sv), patience)) return {};
  version_ = reply(patience).value_or("");
  if (version_.empty()) connection_.close();
  return version_;
}

}  // namespace sluice::antivirus
