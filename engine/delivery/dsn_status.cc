#include <fmt/format.h>

#include "engine/delivery/dsn.h"
#include "engine/delivery/dsn_text.h"

namespace sluice::delivery {
namespace {

std::string_view action_word(DsnAction action) noexcept {
  switch (action) {
    case DsnAction::failed: return "failed";
    case DsnAction::delayed: return "delayed";
    case DsnAction::delivered: return "delivered";
    case DsnAction::relayed: return "relayed";
  }
  return "failed";
}

void put_addresses(std::string& out, const DsnContext& context, Rid rid) {
  const mail::Recipient recipient = context.original->envelope.recipient(rid);
  const std::size_t semicolon = recipient.orcpt.find(';');
  if (semicolon != std::string_view::npos)
    put_field(out, "Original-Recipient",
              fmt::format("{};{}", printable(recipient.orcpt.substr(0, semicolon)),
                          decode_xtext(recipient.orcpt.substr(semicolon + 1))));
  out += fmt::format("Final-Recipient: {};{}\r\n", is_international(context) ? "utf-8" : "rfc822",
                     recipient.address);
}

void put_recipient(std::string& out, const DsnContext& context, const Notice& notice) {
  out += "\r\n";
  put_addresses(out, context, notice.rid);
  put_field(out, "Action", action_word(notice.action));
  put_field(out, "Status", notice.status);
  const std::string diagnostic = printable(notice.diagnostic);
  // RFC 3464 2.3.6: the type smtp is for what an SMTP server has said.
  const bool is_reply = !diagnostic.empty() && diagnostic[0] >= '2' && diagnostic[0] <= '5' &&
                        diagnostic.find(' ') == 3;
  if (is_reply && !notice.remote.empty())
    put_field(out, "Remote-MTA", fmt::format("dns; [{}]", notice.remote));
  if (!diagnostic.empty())
    put_field(out, "Diagnostic-Code", (is_reply ? "smtp; " : "x-sluice; ") + diagnostic);
  put_field(out, "Last-Attempt-Date", mail_date_text(context.wall));
  if (notice.action == DsnAction::delayed)
    put_field(out, "Will-Retry-Until", mail_date_text(notice.until));
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;  // RFC 3461 4: upper case only
}

}  // namespace

std::string delivery_status(const DsnContext& context) {
  std::string out;
  put_field(out, "Reporting-MTA", fmt::format("dns; {}", context.hostname));
  const auto parameters = context.original->envelope.parameters();
  if (!parameters.envid.empty())
    put_field(out, "Original-Envelope-Id", decode_xtext(parameters.envid));
  put_field(out, "Arrival-Date", mail_date_text(context.original->received));
  for (const Notice& notice : *context.notices) put_recipient(out, context, notice);
  return out;
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

}  // namespace sluice::delivery
