#include "engine/delivery/dsn.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/delivery/dsn_text.h"

namespace sluice::delivery {
namespace {

// Do the returned octets need 8BITMIME?
bool is_eight_bit(const DsnContext& context) {
  const auto parameters = context.original->envelope.parameters();
  return parameters.smtputf8 || parameters.body != mail::BodyType::seven_bit;
}

std::string boundary_of(const DsnContext& context) {
  return fmt::format("sluice-{}-{:016x}", context.mid, context.boundary);
}

std::string_view subject_of(DsnAction action) {
  switch (action) {
    case DsnAction::failed: return "Undelivered mail returned to sender";
    case DsnAction::delayed: return "Delayed mail (it is still being tried)";
    default: return "Successful mail delivery report";
  }
}

void put_header(std::string& out, const DsnContext& context) {
  const std::string from = context.postmaster.find('@') == std::string_view::npos
                               ? fmt::format("{}@{}", context.postmaster, context.hostname)
                               : std::string(context.postmaster);
  put_field(out, "Date", mail_date_text(context.wall));
  put_field(out, "From", fmt::format("Mail Delivery System <{}>", from));
  put_field(out, "To", fmt::format("<{}>", context.original->envelope.reverse_path()));
  put_field(out, "Subject", subject_of(leading_action(*context.notices)));
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

std::string explanation_of(DsnAction action, const Notice& first) {
  switch (action) {
    case DsnAction::failed:
      return "Your message could not be delivered to the recipients below and will not\r\n"
             "be tried again.\r\n";
    case DsnAction::delayed:
      return fmt::format(
          "Your message has not been delivered to the recipients below yet. It will be\r\n"
          "tried until {}; there is no need to send it again.\r\n",
          mail_date_text(first.until));
    case DsnAction::delivered: return "Your message was delivered to the recipients below.\r\n";
    case DsnAction::relayed:
      return "For the recipients below your message was handed on to a host that does not\r\n"
             "report deliveries: no further report will follow.\r\n";
  }
  return {};
}

void put_explanation(std::string& out, const DsnContext& context) {
  out += fmt::format(
      "--{}\r\nContent-Description: Notification\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: {}\r\n\r\n"
      "This is the mail system at {}.\r\n",
      boundary_of(context), is_international(context) ? "8bit" : "7bit", context.hostname);
  for (const DsnAction action :
       {DsnAction::failed, DsnAction::delayed, DsnAction::delivered, DsnAction::relayed}) {
    bool begun = false;
    for (const Notice& notice : *context.notices) {
      if (notice.action != action) continue;
      if (!begun) out += "\r\n" + explanation_of(action, notice) + "\r\n";
      begun = true;
      out += fmt::format(
          "  <{}>\r\n    {}{}\r\n", context.original->envelope.recipient(notice.rid).address,
          notice.expired ? "delivery time expired; last: " : "", printable(notice.diagnostic));
    }
  }
  out += "\r\n";
}

}  // namespace

bool wants_notice(const mail::Recipient& recipient, DsnAction action) noexcept {
  switch (action) {
    case DsnAction::failed:
      return recipient.notify == 0 || (recipient.notify & mail::kNotifyFailure) != 0;
    case DsnAction::delayed:
      return recipient.notify == 0 || (recipient.notify & mail::kNotifyDelay) != 0;
    default: return (recipient.notify & mail::kNotifySuccess) != 0;
  }
}

DsnAction leading_action(const std::vector<Notice>& notices) noexcept {
  const auto has = [&](DsnAction action) {
    return std::ranges::any_of(notices, [&](const Notice& n) { return n.action == action; });
  };
  if (has(DsnAction::failed)) return DsnAction::failed;
  if (has(DsnAction::delayed)) return DsnAction::delayed;
  return notices.front().action;
}

bool is_international(const DsnContext& context) noexcept {
  return context.original->envelope.parameters().smtputf8;
}

bool returns_full_message(const DsnContext& context) noexcept {
  const auto parameters = context.original->envelope.parameters();
  // RFC 8689 5: what was to be protected is not returned.
  return parameters.ret == mail::DsnReturn::full && !parameters.requiretls &&
         leading_action(*context.notices) == DsnAction::failed &&
         context.original->body_size <= context.return_max &&
         parameters.body != mail::BodyType::binary_mime;
}

std::string dsn_opening(const DsnContext& context) {
  std::string out;
  put_header(out, context);
  out += "This is a delivery status notification in MIME format (RFC 3464).\r\n\r\n";
  put_explanation(out, context);
  out += fmt::format(
      "--{}\r\nContent-Description: Delivery report\r\n"
      "Content-Type: message/{}delivery-status\r\n\r\n{}\r\n",
      boundary_of(context), is_international(context) ? "global-" : "", delivery_status(context));
  const bool full = returns_full_message(context);
  const std::string_view type = is_international(context)
                                    ? (full ? "message/global" : "message/global-headers")
                                    : (full ? "message/rfc822" : "text/rfc822-headers");
  out += fmt::format("--{}\r\nContent-Description: Message{}\r\nContent-Type: {}\r\n",
                     boundary_of(context), full ? "" : " header", type);
  if (is_eight_bit(context)) put_field(out, "Content-Transfer-Encoding", "8bit");
  out += "\r\n";
  return out;
}

std::string dsn_closing(const DsnContext& context) {
  return fmt::format("\r\n--{}--\r\n", boundary_of(context));
}

std::size_t header_length(std::string_view octets) noexcept {
  if (octets.starts_with("\r\n")) return 0;
  const std::size_t end = octets.find("\r\n\r\n");
  if (end != std::string_view::npos) return end + 2;
  const std::size_t last_line = octets.rfind("\r\n");
  return last_line == std::string_view::npos ? 0 : last_line + 2;
}

}  // namespace sluice::delivery
