#include "engine/delivery/bounce.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/policy/mail_date.h"

namespace sluice::delivery {
namespace {

constexpr std::size_t kDiagnosticMax = 800;  // octets of a reply that are repeated
constexpr std::size_t kLineMax = 76;         // where a diagnostic is folded

std::string mail_date(WallTime when) {
  char text[policy::kMailDateBytes];
  policy::write_mail_date(when, text);
  return {text, sizeof text};
}

std::string printable(std::string_view text) {
  std::string clean(text.substr(0, kDiagnosticMax));
  for (char& c : clean)
    if (c < ' ' || c > '~') c = c == '\t' || c == '\n' || c == '\r' ? ' ' : '?';
  return clean;
}

// "Name: value", folded at spaces so that no line becomes too long.
void put_field(std::string& out, std::string_view name, std::string_view value) {
  std::size_t column = name.size() + 2;
  out.append(name).append(": ");
  while (!value.empty()) {
    const std::size_t space = std::min(value.find(' ', 1), value.size());
    if (column + space > kLineMax && column > name.size() + 2) {
      out.append("\r\n");
      column = 0;
    }
    out.append(value.substr(0, space));
    column += space;
    value.remove_prefix(space);
  }
  out.append("\r\n");
}

bool is_international(const BounceContext& context) {
  return context.original->envelope.parameters().smtputf8;
}

// Do the returned octets need 8BITMIME?
bool is_eight_bit(const BounceContext& context) {
  const auto parameters = context.original->envelope.parameters();
  return parameters.smtputf8 || parameters.body != mail::BodyType::seven_bit;
}

std::string address_of(const BounceContext& context, Rid wanted) {
  std::string address;
  context.original->envelope.for_each_recipient([&](Rid rid, const mail::Recipient& recipient) {
    if (rid == wanted) address = recipient.address;
  });
  return address;
}

std::string boundary_of(const BounceContext& context) {
  return fmt::format("sluice-{}-{:016x}", context.mid, context.boundary);
}

void put_header(std::string& out, const BounceContext& context) {
  const std::string from = context.postmaster.find('@') == std::string_view::npos
                               ? fmt::format("{}@{}", context.postmaster, context.hostname)
                               : std::string(context.postmaster);
  put_field(out, "Date", mail_date(context.wall));
  put_field(out, "From", fmt::format("Mail Delivery System <{}>", from));
  put_field(out, "To", fmt::format("<{}>", context.original->envelope.reverse_path()));
  put_field(out, "Subject", "Undelivered mail returned to sender");
  put_field(
      out, "Message-ID",
      fmt::format("<{}.{}.dsn@{}>", context.mid, context.wall.unix_seconds(), context.hostname));
  put_field(out, "Auto-Submitted", "auto-replied");  // RFC 3834
  put_field(out, "MIME-Version", "1.0");
  out += fmt::format(
      "Content-Type: multipart/report; report-type=delivery-status;\r\n"
      "\tboundary=\"{}\"\r\n",
      boundary_of(context));
  if (is_eight_bit(context)) put_field(out, "Content-Transfer-Encoding", "8bit");
  out += "\r\n";
}

void put_explanation(std::string& out, const BounceContext& context) {
  out += fmt::format(
      "--{}\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: {}\r\n\r\n"
      "This is the mail system at {}.\r\n\r\n"
      "Your message could not be delivered to the recipients below and will not\r\n"
      "be tried again.\r\n\r\n",
      boundary_of(context), is_international(context) ? "8bit" : "7bit", context.hostname);
  for (const Failure& failure : *context.failures)
    out += fmt::format("  <{}>\r\n    {}{}\r\n", address_of(context, failure.rid),
                       failure.expired ? "delivery time expired; last: " : "",
                       printable(failure.diagnostic));
  out += "\r\n";
}

void put_recipient_status(std::string& out, const BounceContext& context, const Failure& failure) {
  context.original->envelope.for_each_recipient([&](Rid rid, const mail::Recipient& recipient) {
    if (rid != failure.rid) return;
    out += "\r\n";
    const std::size_t semicolon = recipient.orcpt.find(';');
    if (semicolon != std::string_view::npos)
      put_field(out, "Original-Recipient",
                fmt::format("{};{}", printable(recipient.orcpt.substr(0, semicolon)),
                            decode_xtext(recipient.orcpt.substr(semicolon + 1))));
    out += fmt::format("Final-Recipient: {};{}\r\n", is_international(context) ? "utf-8" : "rfc822",
                       recipient.address);
  });
  put_field(out, "Action", "failed");
  put_field(out, "Status", failure.status);
  const std::string diagnostic = printable(failure.diagnostic);
  // RFC 3464 2.3.6: the type smtp is for what an SMTP server has said.
  const bool is_reply = !diagnostic.empty() && diagnostic[0] >= '4' && diagnostic[0] <= '5' &&
                        diagnostic.find(' ') == 3;
  put_field(out, "Diagnostic-Code", (is_reply ? "smtp; " : "x-sluice; ") + diagnostic);
  put_field(out, "Last-Attempt-Date", mail_date(context.wall));
}

void put_delivery_status(std::string& out, const BounceContext& context) {
  out += fmt::format("--{}\r\nContent-Type: message/{}delivery-status\r\n\r\n",
                     boundary_of(context), is_international(context) ? "global-" : "");
  put_field(out, "Reporting-MTA", fmt::format("dns; {}", context.hostname));
  const auto parameters = context.original->envelope.parameters();
  if (!parameters.envid.empty())
    put_field(out, "Original-Envelope-Id", decode_xtext(parameters.envid));
  put_field(out, "Arrival-Date", mail_date(context.original->received));
  for (const Failure& failure : *context.failures) put_recipient_status(out, context, failure);
  out += "\r\n";
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;  // RFC 3461 4: upper case only
}

}  // namespace

bool wants_failure_notice(const mail::Recipient& recipient) noexcept {
  return recipient.notify == 0 || (recipient.notify & mail::kNotifyFailure) != 0;
}

bool returns_full_message(const mail::Envelope& envelope, std::uint64_t size) noexcept {
  const auto parameters = envelope.parameters();
  // RFC 8689 5: what was to be protected is not returned.
  return parameters.ret == mail::DsnReturn::full && !parameters.requiretls &&
         size <= kFullReturnMax && parameters.body != mail::BodyType::binary_mime;
}

std::string bounce_opening(const BounceContext& context) {
  std::string out;
  put_header(out, context);
  out += "This is a delivery status notification in MIME format (RFC 3464).\r\n\r\n";
  put_explanation(out, context);
  put_delivery_status(out, context);
  const bool full = returns_full_message(context.original->envelope, context.original->body_size);
  const std::string_view type = is_international(context)
                                    ? (full ? "message/global" : "message/global-headers")
                                    : (full ? "message/rfc822" : "text/rfc822-headers");
  out += fmt::format("--{}\r\nContent-Type: {}\r\n", boundary_of(context), type);
  if (is_eight_bit(context)) put_field(out, "Content-Transfer-Encoding", "8bit");
  out += "\r\n";
  return out;
}

std::string bounce_closing(const BounceContext& context) {
  return fmt::format("\r\n--{}--\r\n", boundary_of(context));
}

std::string decode_xtext(std::string_view xtext) {
  std::string out;
  for (std::size_t i = 0; i < xtext.size(); ++i) {
    char c = xtext[i];
    if (c == '+' && i + 2 < xtext.size()) {
      const int high = hex_digit(xtext[i + 1]);
      const int low = hex_digit(xtext[i + 2]);
      if (high >= 0 && low >= 0) {
        c = static_cast<char>(high * 16 + low);
        i += 2;
      }
    }
    out += c;
  }
  return printable(out);
}

std::size_t header_length(std::string_view octets) noexcept {
  if (octets.starts_with("\r\n")) return 0;
  const std::size_t end = octets.find("\r\n\r\n");
  if (end != std::string_view::npos) return end + 2;
  const std::size_t last_line = octets.rfind("\r\n");
  return last_line == std::string_view::npos ? 0 : last_line + 2;
}

}  // namespace sluice::delivery
