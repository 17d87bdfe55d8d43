// Functions about the structure of a message.
#include <algorithm>
#include <array>

#include "scanners/spamassassin/eval.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

constexpr std::uint64_t kUppercaseTextMin = 200;  // octets of text before its case says anything

const MimeFacts& facts(const MessageEvidence& message) { return message.gathered.mime().facts(); }

bool declares_html(const MessageEvidence& message) {
  const std::string& type = message.facts.values("Content-Type");
  return equals_ignoring_case(std::string_view(type).substr(0, 9), "text/html");
}

int check_for_mime(const MessageEvidence& message, const Arguments& arguments) {
  const MimeFacts& mime = facts(message);
  const std::string_view name = arguments[0];
  if (name == "mime_base64_count") return mime.base64_parts > 0;
  if (name == "mime_qp_count") {
    return mime.quoted_printable_octets > 0 ? mime.quoted_printable_needless > 0
                                            : mime.quoted_printable_parts > 0;
  }
  if (name == "mime_base64_encoded_text") return mime.base64_encoded_text;
  if (name == "mime_body_html_count") return mime.html_parts > 0;
  if (name == "mime_body_text_count") return mime.text_parts > 0;
  if (name == "mime_qp_long_line") return mime.quoted_printable_long_line;
  if (name == "mime_bad_iso_charset") return mime.bad_iso_charset;
  if (name == "mime_attachment") return mime.attachment;
  if (name == "mime_ascii_text_illegal") return mime.ascii_text_illegal;
  if (name == "mimepart_limit_exceeded")
    return message.gathered.message().anomalies.has(mime::Anomaly::parts_limit);
  return 0;  // mime_faraway_charset: every charset is welcome here (ok_locales all)
}

int check_for_mime_html(const MessageEvidence& message, const Arguments&) {
  return declares_html(message) || facts(message).html_parts > 0;
}

int check_for_mime_html_only(const MessageEvidence& message, const Arguments&) {
  return declares_html(message) ||
         (facts(message).html_parts > 0 && facts(message).text_parts == 0);
}

int check_mime_multipart_ratio(const MessageEvidence& message, const Arguments& arguments) {
  const double ratio = message.gathered.mime().alternative_ratio().value_or(1.0);
  return ratio >= arguments.number(0) && ratio < arguments.number(1);
}

int check_msg_parse_flags(const MessageEvidence& message, const Arguments& arguments) {
  const MimeFacts& mime = facts(message);
  const std::string_view name = arguments[0];
  if (name == "missing_head_body_separator") return message.gathered.message().unended_header;
  if (name == "missing_mime_headers") return mime.missing_part_header;
  if (name == "missing_mime_head_body_separator") return mime.missing_part_separator;
  if (name == "mime_epilogue_exists") return mime.epilogue;
  return name == "truncated_header" && message.headers.cut();
}

int check_for_ascii_text_illegal(const MessageEvidence& message, const Arguments&) {
  return facts(message).ascii_text_illegal;
}

int check_abundant_unicode_ratio(const MessageEvidence& message, const Arguments& arguments) {
  const MimeFacts& mime = facts(message);
  return mime.text_octets > 0 && static_cast<double>(mime.unicode_escapes) >=
                                     arguments.number(0) * static_cast<double>(mime.text_octets);
}

int check_base64_length(const MessageEvidence& message, const Arguments& arguments) {
  const auto length = static_cast<double>(facts(message).base64_line_max);
  return length >= arguments.number(0) && (arguments.size() < 2 || length <= arguments.number(1));
}

// What is neither text nor another form of it does not belong in multipart/alternative.
int check_ma_non_text(const MessageEvidence& message, const Arguments&) {
  const auto& nodes = message.gathered.mime().nodes();
  return std::ranges::any_of(nodes, [&](const MimeNode& node) {
    return !node.container && node.parent != MimeNode::kNone &&
           nodes[node.parent].type == "multipart/alternative" && !node.type.starts_with("text/") &&
           node.type != "application/rtf";
  });
}

// Octets of these charsets look like capitals.
bool looks_like_capitals(std::string_view charset) {
  constexpr std::array<std::string_view, 12> kNames{"koi",          "jp",         "jis",   "euc",
                                                    "gb",           "big5",       "isoir", "cp1251",
                                                    "windows-1251", "georgianps", "pt154", "tis"};
  return std::ranges::any_of(
      kNames, [&](std::string_view name) { return contains_ignoring_case(charset, name); });
}

int check_for_uppercase(const MessageEvidence& message, const Arguments& arguments) {
  const TextFacts& text = message.gathered.text().facts();
  const std::string& type = message.facts.values("Content-Type");
  const std::size_t charset = find_ignoring_case(type, "charset=");
  const bool exempt = (charset != std::string::npos &&
                       looks_like_capitals(trim(std::string_view(type).substr(charset + 8)))) ||
                      std::ranges::any_of(facts(message).charsets, looks_like_capitals);
  if (exempt || text.octets < kUppercaseTextMin || text.capitals + text.smalls == 0) return 0;
  const double percent =
      100.0 * static_cast<double>(text.capitals) / static_cast<double>(text.capitals + text.smalls);
  return percent > arguments.number(0) && percent <= arguments.number(1);
}

// Every charset is welcome here (ok_locales all).
int check_for_faraway_charset(const MessageEvidence&, const Arguments&) { return 0; }

constexpr auto kEvals = std::to_array<NamedEval>({
    {"check_abundant_unicode_ratio", check_abundant_unicode_ratio},
    {"check_base64_length", check_base64_length},
    {"check_for_ascii_text_illegal", check_for_ascii_text_illegal},
    {"check_for_faraway_charset", check_for_faraway_charset},
    {"check_for_faraway_charset_in_headers", check_for_faraway_charset},
    {"check_for_mime", check_for_mime},
    {"check_for_mime_html", check_for_mime_html},
    {"check_for_mime_html_only", check_for_mime_html_only},
    {"check_for_uppercase", check_for_uppercase},
    {"check_ma_non_text", check_ma_non_text},
    {"check_mime_multipart_ratio", check_mime_multipart_ratio},
    {"check_msg_parse_flags", check_msg_parse_flags},
});

}  // namespace

std::span<const NamedEval> mime_evals() noexcept { return kEvals; }

}  // namespace sluice::scan::sa
