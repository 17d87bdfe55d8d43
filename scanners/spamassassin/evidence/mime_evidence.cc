#include "scanners/spamassassin/evidence/mime_evidence.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/bytes.h"
#include "scanners/mime/octet_search.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

constexpr std::size_t kQuotedPrintableLine = 78;  // RFC 5322 2.1.1: should not be longer

bool is_ascii_charset(std::string_view charset) noexcept {
  constexpr std::array<std::string_view, 6> kNames{
      "ascii", "ansi_x3.4", "iso-ir-6", "iso_646.irv:1991", "iso646-us", "67"};
  return charset.empty() || charset.find("us") != charset.npos ||
         std::ranges::any_of(kNames, [&](auto name) { return charset.find(name) != charset.npos; });
}

// "iso-…-…" that is none of ISO 8859 and ISO 2022 as mail uses them.
bool is_bad_iso(std::string_view charset) noexcept {
  const std::size_t at = charset.find("iso-");
  if (at == charset.npos || charset.find('-', at + 5) == charset.npos) return false;
  const std::string_view rest = charset.substr(at + 4);
  if (rest.starts_with("2022-jp") || rest.starts_with("2022-kr")) return false;
  return !rest.starts_with("8859-") || rest.size() < 6 || rest[5] < '0' || rest[5] > '9';
}

// Octets that mean something to a part of each kind; those between are taken in runs.
template <char... kOctets>
constexpr mime::OctetPattern kMarks(mime::OctetSet::of([](unsigned octet) {
                                      return ((octet == static_cast<unsigned char>(kOctets)) ||
                                              ...);
                                    }),
                                    {}, {});

bool is_ascii_text(ByteView octets) noexcept {
  bool other = false;
  for (const std::uint8_t octet : octets) other |= octet == 0 || octet >= 0x80;
  return !other;
}

}  // namespace

void MimeEvidence::begin() {
  std::vector<std::string> charsets = std::move(facts_.charsets);  // for their memory
  charsets.clear();
  facts_ = {};
  facts_.charsets = std::move(charsets);
  nodes_.clear();
  open_.clear();
  fields_ = last_ = {};
  current_ = MimeNode::kNone;
  content_ = epilogue_ = first_part_ = without_header_ = false;
}

void MimeEvidence::field(const mime::HeaderField& field) {
  fields_.any = true;
  if (!field.first) return;
  const std::string_view value = trim(field.value);
  if (equals_ignoring_case(field.name, "Content-Transfer-Encoding"))
    fields_.transfer = lower_case(value);
  else if (equals_ignoring_case(field.name, "Content-Disposition"))
    fields_.disposition = lower_case(value);
  else if (equals_ignoring_case(field.name, "Content-Type"))
    fields_.typed = true;
}

void MimeEvidence::section_end(mime::Section section) {
  without_header_ =
      std::exchange(first_part_, false) && section == mime::Section::part && !fields_.any;
  last_ = std::move(fields_);
  fields_ = {};
}

std::uint32_t MimeEvidence::add_node(std::string_view type, std::uint32_t depth, bool container) {
  open_.resize(std::min<std::size_t>(open_.size(), depth));
  if (nodes_.size() == kMimeNodesMax) return MimeNode::kNone;
  MimeNode node;
  node.type = type;
  node.container = container;
  node.parent = open_.empty() ? MimeNode::kNone : open_.back();
  node.attachment = last_.disposition.find("attachment") != std::string::npos;
  nodes_.push_back(std::move(node));
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

void MimeEvidence::container(std::string_view type, std::uint32_t depth) {
  facts_.missing_part_header |= without_header_;
  first_part_ = type.starts_with("multipart/");
  declare(type, {});
  open_.push_back(add_node(type, depth, true));
}

void MimeEvidence::note_charset(std::string_view charset) {
  std::string lower = lower_case(charset.substr(0, kMimeCharsetBytes));
  facts_.bad_iso_charset |= is_bad_iso(lower);
  if (facts_.charsets.size() < kMimeCharsetsMax &&
      std::ranges::find(facts_.charsets, lower) == facts_.charsets.end())
    facts_.charsets.push_back(std::move(lower));
}

void MimeEvidence::declare(std::string_view type, std::string_view charset) {
  const bool text = type.starts_with("text");
  const bool base64 = last_.transfer.find("base64") != std::string::npos;
  if (type == "text/html")
    ++facts_.html_parts;
  else if (text)
    ++facts_.text_parts;
  if (base64)
    ++facts_.base64_parts;
  else if (last_.transfer.find("quoted-printable") != std::string::npos)
    ++facts_.quoted_printable_parts;
  facts_.attachment |= last_.disposition.find("attachment") != std::string::npos;
  if (text && base64 && is_ascii_charset(lower_case(charset)) &&
      !last_.disposition.starts_with("attachment") && !last_.disposition.starts_with("inline"))
    facts_.base64_encoded_text = true;
  if (!charset.empty()) note_charset(charset);
}

void MimeEvidence::part_begin(const mime::Part& part) {
  if (part.role == mime::PartRole::uuencoded) return;
  content_ = part.role == mime::PartRole::content;
  epilogue_ = part.role == mime::PartRole::epilogue;
  current_ = MimeNode::kNone;
  line_ = 0;
  cr_ = false;
  escape_ = quoted_ = 0;
  blanks_ = 0;
  counts_octets_ = quoted_printable_ = base64_ = ascii_ = plain_ = false;
  if (!content_) return;
  if (part.depth > 0 && last_.any &&
      (part.anomalies.has(mime::Anomaly::missing_blank_line) ||
       part.anomalies.has(mime::Anomaly::field_without_name)))
    facts_.missing_part_separator = true;
  // Not the whole of a multipart that nothing divides.
  facts_.missing_part_header |= without_header_ && !part.anomalies.has(mime::Anomaly::no_parts);
  declare(part.type, part.charset);
  current_ = add_node(part.type, part.depth, false);
  const bool plain = part.type == "text/plain";
  counts_octets_ = current_ != MimeNode::kNone && (plain || part.type == "text/html");
  quoted_printable_ = last_.transfer == "quoted-printable";
  base64_ = last_.transfer == "base64" && part.type != "application/ics";
  ascii_ = plain && (part.charset.empty() || equals_ignoring_case(part.charset, "us-ascii"));
  plain_ =
      plain && (last_.transfer.empty() || last_.transfer == "7bit" || last_.transfer == "8bit");
}

// "=41" for "A": what could have been sent as it is.
void MimeEvidence::note_quoted(char c) noexcept {
  ++facts_.quoted_printable_octets;
  if (quoted_ == 1) {
    if (c == '\n') blanks_ = 0;  // a soft line end is behind them
    high_digit_ = c;
    quoted_ = (c == '0' || (c >= '2' && c <= '7')) ? 2 : 0;
  } else if (quoted_ == 2) {
    const bool digit = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
    const bool needless = high_digit_ == '0'   ? c == '9'
                          : high_digit_ == '3' ? digit && c != 'D'
                          : high_digit_ == '7' ? digit && c != 'F'
                                               : digit;
    const bool blank = (high_digit_ == '0' && c == '9') || (high_digit_ == '2' && c == '0');
    facts_.quoted_printable_needless += needless;
    blanks_ = blank ? blanks_ + 1 : 0;
    quoted_ = 0;
    return;
  }
  if (c == '=') {
    quoted_ = 1;
    return;
  }
  if (quoted_ == 0 && c != ' ' && c != '\t' && c != '\n') blanks_ = 0;
}

void MimeEvidence::end_line() noexcept {
  if (quoted_printable_ && line_ > kQuotedPrintableLine + 1)
    facts_.quoted_printable_long_line = true;
  facts_.quoted_printable_needless -= blanks_;  // at the end of a line they need it
  blanks_ = quoted_ = 0;
  if (base64_) facts_.base64_line_max = std::max(facts_.base64_line_max, line_);
  line_ = 0;
}

void MimeEvidence::part_raw(ByteView encoded) noexcept {
  if (epilogue_)
    facts_.epilogue |= as_text(encoded).find_first_not_of(" \t\r\n\f\v.") != std::string_view::npos;
  if (!counts_octets_ && !quoted_printable_ && !base64_) return;
  const mime::OctetPattern& marks = quoted_printable_ ? kMarks<'\r', '\n', '='>
                                    : plain_          ? kMarks<'\r', '\n', '&'>
                                                      : kMarks<'\r', '\n'>;
  while (!encoded.empty()) {
    const bool within = escape_ > 0 || quoted_ > 0;
    const std::size_t run = within ? 0 : mime::find(marks, encoded);
    if (run > 0) note_run(encoded.first(run));
    if (run < encoded.size()) note_octet(encoded[run]);
    encoded = encoded.subspan(std::min(run + 1, encoded.size()));
  }
}

void MimeEvidence::note_run(ByteView octets) noexcept {
  if (ascii_ && (cr_ || !is_ascii_text(octets))) facts_.ascii_text_illegal = true;
  cr_ = false;
  line_ += octets.size();
  if (counts_octets_) nodes_[current_].octets += octets.size();
  if (plain_) facts_.text_octets += octets.size();
  if (!quoted_printable_) return;
  facts_.quoted_printable_octets += octets.size();
  if (as_text(octets).find_first_not_of(" \t") != std::string_view::npos) blanks_ = 0;
}

void MimeEvidence::note_octet(std::uint8_t octet) noexcept {
  const bool one_end = cr_ && octet == '\n';
  if (cr_ && !one_end && ascii_) facts_.ascii_text_illegal = true;
  cr_ = octet == '\r';
  if (cr_) return;
  ++line_;
  if (counts_octets_) ++nodes_[current_].octets;
  if (ascii_ && (octet == 0 || octet >= 0x80)) facts_.ascii_text_illegal = true;
  if (plain_) note_plain(static_cast<char>(octet));
  if (quoted_printable_) note_quoted(static_cast<char>(octet));
  if (octet == '\n') end_line();
}

// "&#x0416;"
void MimeEvidence::note_plain(char c) noexcept {
  constexpr std::string_view kEscape = "&#xHHHH;";
  ++facts_.text_octets;
  const bool digit = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
  const bool fits = kEscape[escape_] == 'H' ? digit : kEscape[escape_] == c;
  escape_ = fits ? escape_ + 1 : c == '&';
  if (escape_ < kEscape.size()) return;
  escape_ = 0;
  ++facts_.unicode_escapes;
  facts_.text_octets -= kEscape.size();
}

void MimeEvidence::part_end() { end_line(); }

bool MimeEvidence::is_within(std::uint32_t node, std::uint32_t container) const noexcept {
  for (; node != MimeNode::kNone; node = nodes_[node].parent)
    if (node == container) return true;
  return false;
}

std::optional<double> MimeEvidence::alternative_ratio() const noexcept {
  const auto alternative = std::ranges::find(nodes_, "multipart/alternative", &MimeNode::type);
  std::optional<std::uint64_t> text, html;
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    if (node->attachment) continue;
    const bool counted = alternative != nodes_.end() && &*alternative < &*node;
    if (!html && node->type == "text/html")
      html = counted ? node->octets : 0;
    else if (!text && node->type == "text/plain")
      text = counted ? node->octets : 0;
  }
  if (alternative == nodes_.end() || !text || !html || *html == 0) return std::nullopt;
  return static_cast<double>(*text) / static_cast<double>(*html);
}

}  // namespace sluice::scan::sa
