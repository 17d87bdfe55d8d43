#include "engine/antivirus/icap.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::antivirus {
namespace {

constexpr std::size_t kHeaderMax = 16 * 1024;
constexpr std::size_t kPreviewMax = 64 * 1024;
constexpr Duration kVersionAge = minutes(1);

// The value of a field, "" = there is none. Names are compared without case (RFC 3507 4.3.1).
std::string_view field(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const std::string_view line = header.substr(0, header.find("\r\n"));
    header.remove_prefix(std::min(header.size(), line.size() + 2));
    if (line.size() <= name.size() || line[name.size()] != ':' ||
        !equals_ignoring_case(line.substr(0, name.size()), name))
      continue;
    std::string_view value = line.substr(name.size() + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    return value;
  }
  return {};
}

template <typename T>
std::optional<T> number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end != text.data() ? std::optional(value) : std::nullopt;
}

// "res-hdr=0, res-body=137" (RFC 3507 4.4.1): how many octets of headers are in front of the body.
std::optional<std::size_t> body_offset(std::string_view encapsulated, std::string_view body) {
  const std::size_t at = encapsulated.find(body);
  if (at == encapsulated.npos) return {};
  return number<std::size_t>(encapsulated.substr(at + body.size()));
}

// Servers say in different words what they found; none of them is in RFC 3507.
std::string threat(std::string_view header) {
  const std::string_view found = field(header, "X-Infection-Found");
  if (const std::size_t at = found.find("Threat="); at != found.npos) {
    const std::string_view name = found.substr(at + 7);
    return std::string(name.substr(0, name.find(';')));
  }
  for (const std::string_view name : {"X-Virus-ID", "X-Virus-Name", "X-Blocked", "X-Block-Reason"})
    if (const std::string_view value = field(header, name); !value.empty())
      return std::string(value);
  if (!found.empty()) return std::string(found);
  return field(header, "X-Violations-Found").empty() ? std::string() : "a violation";
}

std::size_t size_of(Octets octets) {
  std::size_t size = 0;
  for (const ByteView piece : octets) size += piece.size();
  return size;
}

}  // namespace

Icap::Sent Icap::connect(const Patience& patience) {
  const Instant latest = SystemClock().now() + connect_timeout_;
  auto opened = Connection::open(server_, {std::min(latest, patience.deadline), patience.stop});
  if (!opened) return std::unexpected(opened.error());
  connection_ = std::move(*opened);
  return ask_options(patience);
}

// RFC 3507 4.10: what the server wants to see first, and ISTag, which is another when it has a new
// database (4.7).
Icap::Sent Icap::ask_options(const Patience& patience) {
  const std::string request =
      fmt::format("OPTIONS icap://{}/{} ICAP/1.0\r\nHost: {}\r\n\r\n", host(), service_, host());
  if (auto sent = connection_.write(as_bytes(request), patience); !sent) return sent;
  const auto reply = read_reply(patience);
  if (!reply) return std::unexpected(reply.error());
  if (reply->status != 200)
    return std::unexpected(fmt::format("OPTIONS got status {}", reply->status));
  const auto preview = number<std::size_t>(field(reply->header, "Preview"));
  preview_ = preview ? std::min(*preview, kPreviewMax) : SIZE_MAX;
  version_ = field(reply->header, "Service");
  const std::string_view tag = field(reply->header, "ISTag");
  if (!tag.empty()) version_ += fmt::format("{}{}", version_.empty() ? "" : " ", tag);
  version_asked_ = SystemClock().now();
  return {};
}

std::expected<Icap::Reply, std::string> Icap::read_reply(const Patience& patience) {
  auto header = connection_.read_until("\r\n\r\n", kHeaderMax, patience);
  if (!header) return std::unexpected(header.error());
  constexpr std::string_view kVersion = "ICAP/1.0 ";
  const auto status = header->starts_with(kVersion)
                          ? number<int>(std::string_view(*header).substr(kVersion.size(), 3))
                          : std::nullopt;
  if (!status) return std::unexpected("it does not speak ICAP");
  return Reply{*status, std::move(*header)};
}

// Octets [from, to) as chunks, without the last one.
Icap::Sent Icap::send_body(Octets octets, std::size_t from, std::size_t to,
                           const Patience& patience) {
  std::size_t begin = 0;
  for (const ByteView whole : octets) {
    const std::size_t first = std::max(from, begin);
    const std::size_t last = std::min(to, begin + whole.size());
    if (first < last) {
      const std::string size = fmt::format("{:x}\r\n", last - first);
      if (auto sent = connection_.write(as_bytes(size), patience); !sent) return sent;
      const ByteView piece = whole.subspan(first - begin, last - first);
      if (auto sent = connection_.write(piece, patience); !sent) return sent;
      if (auto sent = connection_.write(as_bytes("\r\n"), patience); !sent) return sent;
    }
    begin += whole.size();
  }
  return {};
}

// With what HTTP would say of the octets (RFC 3507 4.8.1, 4.9.1).
std::string Icap::head_of(std::size_t size, std::string_view preview) const {
  const std::string body =
      fmt::format("Content-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n", size);
  const std::string request =
      fmt::format("{} http://sluice.invalid/message HTTP/1.1\r\nHost: sluice.invalid\r\n{}",
                  requests_ ? "POST" : "GET", requests_ ? body : "\r\n");
  const std::string response = requests_ ? "" : "HTTP/1.1 200 OK\r\n" + body;
  const std::string places = requests_ ? fmt::format("req-body={}", request.size())
                                       : fmt::format("res-hdr={}, res-body={}", request.size(),
                                                     request.size() + response.size());
  return fmt::format(
      "{} icap://{}/{} ICAP/1.0\r\nHost: {}\r\nAllow: 204\r\n{}"
      "Encapsulated: req-hdr=0, {}\r\n\r\n{}{}",
      requests_ ? "REQMOD" : "RESPMOD", host(), service_, host(), preview, places, request,
      response);
}

std::expected<Icap::Reply, std::string> Icap::show(Octets octets, const Patience& patience) {
  const std::size_t size = size_of(octets);
  const bool previews = preview_ != SIZE_MAX;
  const std::size_t first = previews ? std::min(preview_, size) : size;
  const std::string head = head_of(size, previews ? fmt::format("Preview: {}\r\n", first) : "");
  auto sent = connection_.write(as_bytes(head), patience);
  if (sent) sent = send_body(octets, 0, first, patience);
  // RFC 3507 4.5: "ieof" tells that there is nothing behind the preview.
  const bool whole = first == size;
  if (sent)
    sent =
        connection_.write(as_bytes(previews && whole ? "0; ieof\r\n\r\n" : "0\r\n\r\n"), patience);
  auto reply = read_reply(patience);  // it may come before all is sent
  if (!reply && !sent) return std::unexpected(sent.error());
  if (!reply || reply->status != 100) return reply;
  sent = send_body(octets, first, size, patience);
  if (sent) sent = connection_.write(as_bytes("0\r\n\r\n"), patience);
  reply = read_reply(patience);
  return !reply && !sent ? std::unexpected(sent.error()) : std::move(reply);
}

Icap::Sent Icap::read_exactly(std::size_t size, std::string& into, const Patience& patience) {
  std::array<std::uint8_t, 4096> buffer;
  while (size > 0) {
    const auto count =
        connection_.read(MutableBytes(buffer).first(std::min(size, buffer.size())), patience);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return std::unexpected("its answer ended early");
    into += as_text({buffer.data(), *count});
    size -= *count;
  }
  return {};
}

// The body of an answer, chunk by chunk, until it is longer than `most`.
std::expected<std::string, std::string> Icap::read_body(std::size_t most,
                                                        const Patience& patience) {
  std::string body;
  while (body.size() <= most) {
    const auto line = connection_.read_until("\r\n", 64, patience);
    const auto size = line ? number<std::size_t>(*line, 16) : std::nullopt;
    if (!size) return std::unexpected("a broken chunk");
    if (*size == 0) {
      connection_.read_until("\r\n", 0, patience);  // no trailer
      break;
    }
    if (auto got = read_exactly(std::min(*size, most + 1), body, patience); !got)
      return std::unexpected(got.error());
    if (*size > most) break;
    if (!connection_.read_until("\r\n", 0, patience)) return std::unexpected("a broken chunk");
  }
  return body;
}

// Whether what the server sends is what it was sent: some do not say 204.
std::expected<bool, std::string> Icap::comes_back(const Reply& reply, Octets octets,
                                                  const Patience& patience) {
  const auto offset =
      body_offset(field(reply.header, "Encapsulated"), requests_ ? "req-body=" : "res-body=");
  if (!offset || *offset > kHeaderMax) return false;
  std::string head;
  if (auto got = read_exactly(*offset, head, patience); !got) return std::unexpected(got.error());
  const auto body = read_body(size_of(octets), patience);
  if (!body) return std::unexpected(body.error());
  std::string_view rest = *body;
  for (const ByteView piece : octets) {
    if (!rest.starts_with(as_text(piece))) return false;
    rest.remove_prefix(piece.size());
  }
  return rest.empty();
}

Answer Icap::judge(const Reply& reply, Octets octets, const Patience& patience) {
  if (reply.status == 204) return {Outcome::clean, {}};
  if (reply.status != 200 && reply.status != 403)
    return {Outcome::failed, fmt::format("icap: status {}", reply.status)};
  if (std::string name = threat(reply.header); !name.empty())
    return {Outcome::infected, std::move(name)};
  // A request that gets a response at once goes nowhere (4.8.2).
  const bool answered = requests_ && field(reply.header, "Encapsulated").starts_with("res-");
  if (reply.status == 403 || answered) return {Outcome::infected, "blocked"};
  const auto same = comes_back(reply, octets, patience);
  if (!same) return {Outcome::failed, "icap: " + same.error()};
  return *same ? Answer{Outcome::clean, {}} : Answer{Outcome::infected, "modified"};
}

// A server may close a connection that was used before: that gets a second try.
Answer Icap::scan(Octets octets, const Patience& patience) {
  for (bool fresh = false; !fresh;) {
    fresh = !connection_.is_open() || connection_.is_stale();
    if (fresh)
      if (auto connected = connect(patience); !connected)
        return {Outcome::failed, "icap: " + connected.error()};
    const auto reply = show(octets, patience);
    if (reply) {
      Answer answer = judge(*reply, octets, patience);
      const bool ends = equals_ignoring_case(field(reply->header, "Connection"), "close");
      if (answer.outcome != Outcome::clean || ends) connection_.close();
      return answer;
    }
    connection_.close();
    if (fresh || patience.over()) return {Outcome::failed, "icap: " + reply.error()};
  }
  return {};
}

std::string Icap::version(const Patience& patience) {
  const Instant now = SystemClock().now();
  if (!version_.empty() && now - version_asked_ < kVersionAge) return version_;
  version_.clear();
  version_asked_ = now;
  const bool usable = connection_.is_open() && !connection_.is_stale();
  if (!(usable ? ask_options(patience) : connect(patience))) {
    connection_.close();
    version_.clear();
  }
  return version_;
}

}  // namespace sluice::antivirus
