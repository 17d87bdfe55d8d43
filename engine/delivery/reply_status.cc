#include "engine/delivery/reply_status.h"

#include <array>

namespace sluice::delivery {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Length of "class.subject.detail" at the start of the text (1, 1-3 and 1-3 digits), else 0.
std::size_t status_length(std::string_view text) noexcept {
  std::size_t at = 0;
  for (int part = 0; part < 3; ++part) {
    if (part > 0 && (at >= text.size() || text[at++] != '.')) return 0;
    const std::size_t start = at;
    while (at < text.size() && at - start < 3 && is_digit(text[at])) ++at;
    if (at == start || (part == 0 && at != 1)) return 0;
  }
  return at == text.size() || text[at] == ' ' ? at : 0;
}

}  // namespace

std::string enhanced_status(const smtp::RecipientResult& result) {
  const char reply_class = result.outcome == smtp::Outcome::failed      ? '5'
                           : result.outcome == smtp::Outcome::delivered ? '2'
                                                                        : '4';
  std::string_view text = result.reply;
  if (text.size() > 4 && is_digit(text[0]) && (text[3] == ' ' || text[3] == '-'))
    text.remove_prefix(4);
  const std::size_t length = status_length(text);
  if (length > 0 && (text[0] == reply_class || (reply_class != '2' && text[0] != '2')))
    return reply_class + std::string(text.substr(1, length - 1));
  if (result.code == 0) return "4.4.2";  // RFC 3463 3.5: bad connection
  return std::string(1, reply_class) + ".0.0";
}

bool takes_no_more(const smtp::RecipientResult& result) {
  if (result.outcome != smtp::Outcome::deferred || (result.code != 452 && result.code != 552))
    return false;
  const std::string status = enhanced_status(result);
  return status == "4.5.3" || status == "4.0.0";
}

std::uint16_t reply_code(std::string_view reply) noexcept {
  if (reply.size() < 4 || reply[3] != ' ' || reply[0] < '2' || reply[0] > '5' ||
      !is_digit(reply[1]) || !is_digit(reply[2]))
    return 0;
  return static_cast<std::uint16_t>((reply[0] - '0') * 100 + (reply[1] - '0') * 10 + reply[2] -
                                    '0');
}

std::string_view status_meaning(std::string_view enhanced) noexcept {
  static constexpr std::array<std::string_view, 8> kMeanings{"Other or undefined status",
                                                             "Unknown address error",
                                                             "Mailbox error",
                                                             "Mail system error",
                                                             "Network or routing error",
                                                             "Mail delivery protocol error",
                                                             "Message content or media error",
                                                             "Security or policy error"};
  if (status_length(enhanced) == 0 || enhanced[3] != '.') return kMeanings[0];
  const auto subject = static_cast<std::size_t>(enhanced[2] - '0');
  return kMeanings[subject < kMeanings.size() ? subject : 0];
}

}  // namespace sluice::delivery
