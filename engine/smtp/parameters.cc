#include "engine/smtp/parameters.h"

#include <algorithm>
#include <charconv>

#include "engine/base/bytes.h"

namespace sluice::smtp {

namespace {

constexpr std::size_t kCountDigitsMax = 20;
constexpr std::size_t kEnvidBytesMax = 100;  // RFC 3461 4.4
constexpr std::size_t kOrcptBytesMax = 500;  // RFC 3461 4.2

constexpr Reply kUnknown{555, "5.5.4", "Unsupported parameter"};
constexpr Reply kBadParameter{501, "5.5.4", "Syntax: parameters are KEYWORD[=value]"};
constexpr Reply kTwice{501, "5.5.4", "Parameter given twice"};
constexpr Reply kBadSize{501, "5.5.4", "Syntax: SIZE=octets"};
constexpr Reply kBadBody{501, "5.5.4", "Syntax: BODY=7BIT or BODY=8BITMIME"};
constexpr Reply kNoBinaryMime{555, "5.5.4", "BODY=BINARYMIME is not supported"};
constexpr Reply kBadSmtpUtf8{501, "5.5.4", "Syntax: SMTPUTF8 takes no value"};
constexpr Reply kBadRequireTls{501, "5.5.4", "Syntax: REQUIRETLS takes no value"};
constexpr Reply kBadRet{501, "5.5.4", "Syntax: RET=FULL or RET=HDRS"};
constexpr Reply kBadEnvid{501, "5.5.4", "Syntax: ENVID=xtext of at most 100 octets"};
constexpr Reply kBadNotify{501, "5.5.4", "Syntax: NOTIFY=NEVER or NOTIFY=SUCCESS,FAILURE,DELAY"};
constexpr Reply kBadOrcpt{501, "5.5.4", "Syntax: ORCPT=address-type;xtext"};

struct Parameter {
  std::string_view keyword;
  std::string_view value;
  bool has_value = false;
};

bool is_keyword(std::string_view text) noexcept {
  return !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
    const char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// esmtp-value with the UTF-8 of RFC 6531 3.3.
bool is_value(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const auto octet = static_cast<std::uint8_t>(c);
    return octet > 32 && octet != '=' && octet != 127;
  });
}

std::optional<Parameter> split(std::string_view word) noexcept {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos)
    return is_keyword(word) ? std::optional(Parameter{word, {}, false}) : std::nullopt;
  const Parameter parameter{word.substr(0, equals), word.substr(equals + 1), true};
  if (!is_keyword(parameter.keyword) || !is_value(parameter.value)) return std::nullopt;
  return parameter;
}

bool is_hex(char c) noexcept { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); }

// RFC 3461 4: xtext = *( xchar / "+" two upper case hexadecimal digits )
bool is_xtext(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<std::uint8_t>(text[i]);
    if (octet < 33 || octet > 126 || octet == '=') return false;
    if (octet != '+') continue;
    if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
    i += 2;
  }
  return true;
}

// With the type "utf-8" the address may also be written in UTF-8 (RFC 6533 3).
bool is_orcpt(std::string_view text) noexcept {
  const std::size_t semicolon = text.find(';');
  if (semicolon == std::string_view::npos || text.size() > kOrcptBytesMax) return false;
  const std::string_view type = text.substr(0, semicolon);
  const std::string_view address = text.substr(semicolon + 1);
  if (!is_keyword(type) || address.empty()) return false;
  return equals_ignoring_case(type, "utf-8") || is_xtext(address);
}

std::optional<std::uint8_t> parse_notify(std::string_view text) noexcept {
  if (equals_ignoring_case(text, "NEVER")) return mail::kNotifyNever;
  std::uint8_t bits = 0;
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    if (equals_ignoring_case(word, "SUCCESS"))
      bits |= mail::kNotifySuccess;
    else if (equals_ignoring_case(word, "FAILURE"))
      bits |= mail::kNotifyFailure;
    else if (equals_ignoring_case(word, "DELAY"))
      bits |= mail::kNotifyDelay;
    else
      return std::nullopt;
    if (comma == std::string_view::npos) return bits;
    text.remove_prefix(comma + 1);
  }
}

std::optional<Reply> take_size(const Parameter& parameter, Command& command) noexcept {
  const auto size = parse_octet_count(parameter.value);
  if (!size) return kBadSize;
  command.size = *size;
  return std::nullopt;
}

std::optional<Reply> take_body(const Parameter& parameter, Command& command) noexcept {
  if (equals_ignoring_case(parameter.value, "BINARYMIME")) return kNoBinaryMime;
  const bool eight_bit = equals_ignoring_case(parameter.value, "8BITMIME");
  if (!eight_bit && !equals_ignoring_case(parameter.value, "7BIT")) return kBadBody;
  command.parameters.body = eight_bit ? mail::BodyType::eight_bit_mime : mail::BodyType::seven_bit;
  return std::nullopt;
}

std::optional<Reply> take_smtputf8(const Parameter& parameter, Command& command) noexcept {
  if (parameter.has_value) return kBadSmtpUtf8;
  command.parameters.smtputf8 = true;
  return std::nullopt;
}

std::optional<Reply> take_requiretls(const Parameter& parameter, Command& command) noexcept {
  if (parameter.has_value) return kBadRequireTls;
  command.parameters.requiretls = true;
  return std::nullopt;
}

std::optional<Reply> take_ret(const Parameter& parameter, Command& command) noexcept {
  const bool full = equals_ignoring_case(parameter.value, "FULL");
  if (!full && !equals_ignoring_case(parameter.value, "HDRS")) return kBadRet;
  command.parameters.ret = full ? mail::DsnReturn::full : mail::DsnReturn::headers;
  return std::nullopt;
}

std::optional<Reply> take_envid(const Parameter& parameter, Command& command) noexcept {
  const std::string_view value = parameter.value;
  if (value.empty() || value.size() > kEnvidBytesMax || !is_xtext(value)) return kBadEnvid;
  command.parameters.envid = value;
  return std::nullopt;
}

std::optional<Reply> take_notify(const Parameter& parameter, Command& command) noexcept {
  const auto notify = parse_notify(parameter.value);
  if (!notify) return kBadNotify;
  command.recipient.notify = *notify;
  return std::nullopt;
}

std::optional<Reply> take_orcpt(const Parameter& parameter, Command& command) noexcept {
  if (!is_orcpt(parameter.value)) return kBadOrcpt;
  command.recipient.orcpt = parameter.value;
  return std::nullopt;
}

struct ParameterRow {
  std::string_view keyword;
  std::optional<Reply> (*take)(const Parameter&, Command&) noexcept;
};

constexpr ParameterRow kMailParameters[] = {
    {"SIZE", take_size},         {"BODY", take_body},
    {"SMTPUTF8", take_smtputf8}, {"REQUIRETLS", take_requiretls},
    {"RET", take_ret},           {"ENVID", take_envid}};
constexpr ParameterRow kRcptParameters[] = {{"NOTIFY", take_notify}, {"ORCPT", take_orcpt}};

std::optional<Reply> parse_parameters(std::string_view text, std::span<const ParameterRow> rows,
                                      Command& command) noexcept {
  std::uint32_t seen = 0;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    if (word.empty()) continue;
    const auto parameter = split(word);
    if (!parameter) return kBadParameter;
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const ParameterRow& candidate) {
      return equals_ignoring_case(candidate.keyword, parameter->keyword);
    });
    if (row == rows.end()) return kUnknown;
    const std::uint32_t bit = 1u << (row - rows.begin());
    if ((seen & bit) != 0) return kTwice;
    seen |= bit;
    if (const auto problem = row->take(*parameter, command)) return problem;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Reply> parse_mail_parameters(std::string_view text, Command& command) noexcept {
  return parse_parameters(text, kMailParameters, command);
}

std::optional<Reply> parse_rcpt_parameters(std::string_view text, Command& command) noexcept {
  return parse_parameters(text, kRcptParameters, command);
}

std::optional<std::uint64_t> parse_octet_count(std::string_view text) noexcept {
  std::uint64_t count = 0;
  if (text.empty() || text.size() > kCountDigitsMax) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return count;
}

}  // namespace sluice::smtp
