#include "engine/policy/received_header.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "engine/policy/mail_date.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kNameMax = 255;  // octets of a domain, RFC 5321 4.5.3.1.2
constexpr std::size_t kCommonNameMax = 128;
constexpr std::size_t kAddressMax = 320;  // local part, "@" and domain, 4.5.3.1

class Writer {
 public:
  explicit Writer(std::span<char> out) : out_(out) {}

  void put(std::string_view text) noexcept {
    if (text.size() > out_.size() - used_) full_ = true;
    if (full_) return;
    std::memcpy(out_.data() + used_, text.data(), text.size());
    used_ += text.size();
  }
  void put(std::uint64_t number) noexcept {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    put({digits, static_cast<std::size_t>(end - digits)});
  }
  std::size_t written() const noexcept { return full_ ? 0 : used_; }

 private:
  std::span<char> out_;
  std::size_t used_ = 0;
  bool full_ = false;
};

bool is_name_octet(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == ':' || c == '[' || c == ']';
}

// A peer may call itself anything; what is no octet of a domain or address literal becomes "?".
void put_name(Writer& writer, std::string_view name) noexcept {
  char clean[kNameMax];
  const std::size_t length = std::min(name.size(), kNameMax);
  std::transform(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(length), clean,
                 [](char c) { return is_name_octet(c) ? c : '?'; });
  writer.put(length == 0 ? std::string_view{"unknown"} : std::string_view{clean, length});
}

bool is_plain_address(std::string_view address) noexcept {
  return !address.empty() && address.size() <= kAddressMax &&
         std::all_of(address.begin(), address.end(),
                     [](char c) { return c > ' ' && c < 0x7f && c != '<' && c != '>'; });
}

void put_recipient(Writer& writer, const mail::Envelope* envelope) noexcept {
  if (envelope == nullptr || envelope->recipient_count() != 1) return;  // no one learns of others
  envelope->for_each_recipient([&](Rid, const mail::Recipient& recipient) {
    if (!is_plain_address(recipient.address)) return;
    writer.put("\r\n\tfor <");
    writer.put(recipient.address);
    writer.put(">");
  });
}

void put_tls(Writer& writer, const ReceivedFields& fields) noexcept {
  if (fields.tls_protocol.empty()) return;
  writer.put(" (");
  writer.put(fields.tls_protocol);
  writer.put(" ");
  writer.put(fields.tls_cipher);
  writer.put(")");
}

// What could end the quoted string or the comment becomes "?".
void put_quoted(Writer& writer, std::string_view text) noexcept {
  char clean[kCommonNameMax];
  const std::size_t length = std::min(text.size(), kCommonNameMax);
  std::transform(
      text.begin(), text.begin() + static_cast<std::ptrdiff_t>(length), clean, [](char c) {
        return c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '(' || c == ')' ? '?' : c;
      });
  writer.put("\"");
  writer.put({clean, length});
  writer.put("\"");
}

// In Postfix's words: filters look for them.
void put_client(Writer& writer, const ReceivedClient& client) noexcept {
  if (!client.asked) return;
  if (!client.shown) return writer.put("\r\n\t(Client did not present a certificate)");
  writer.put("\r\n\t(Client CN ");
  put_quoted(writer, client.subject);
  writer.put(", Issuer ");
  put_quoted(writer, client.issuer);
  writer.put(client.verified ? " (verified OK))" : " (not verified))");
}

std::string_view protocol_of(const ReceivedFields& fields) noexcept {
  if (!fields.extended) return "SMTP";
  const bool utf8 = fields.envelope != nullptr && fields.envelope->has_sender() &&
                    fields.envelope->parameters().smtputf8;
  const bool tls = !fields.tls_protocol.empty();
  if (utf8) return tls ? "UTF8SMTPS" : "UTF8SMTP";  // RFC 6531 4.3
  return tls ? "ESMTPS" : "ESMTP";                  // RFC 3848
}

}  // namespace

std::size_t write_received_header(const ReceivedFields& fields, std::span<char> out) noexcept {
  Writer writer(out);
  writer.put("Received: from ");
  put_name(writer, fields.helo);
  writer.put(fields.peer.is_v4() ? " ([" : " ([IPv6:");  // RFC 5321 4.1.3
  writer.put(fields.peer.text());
  writer.put("])");
  put_client(writer, fields.client);
  writer.put("\r\n\tby ");
  put_name(writer, fields.hostname);
  writer.put(" with ");
  writer.put(protocol_of(fields));
  put_tls(writer, fields);
  writer.put(" id ");
  writer.put(fields.icid);
  writer.put("/");
  writer.put(fields.mid);
  put_recipient(writer, fields.envelope);
  char date[kMailDateBytes];
  write_mail_date(fields.when, date);
  writer.put(";\r\n\t");
  writer.put({date, sizeof date});
  writer.put("\r\n");
  return writer.written();
}

}  // namespace sluice::policy
