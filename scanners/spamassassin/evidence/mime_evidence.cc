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

using mime::OctetSet;
constexpr OctetSet kReturn = OctetSet::of([](unsigned octet) { return octet == '\r'; });
constexpr OctetSet kQuotedMarks =
    OctetSet::of([](unsigned octet) { return octet == '\n' || octet == '='; });

// What no text in ASCII has: other octets, a CR without its LF.
constexpr mime::OctetPattern kNotAsciiText(
    OctetSet::of([](unsigned octet) { return octet == 0 || octet >= 0x80; }), kReturn,
    OctetSet::of([](unsigned octet) { return octet != '\n'; }));

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

// "=41" for "A": what could have been sent as it is. `c`: behind a "=" and perhaps a digit.
void MimeEvidence::note_quoted(char c) noexcept {
  if (quoted_ == 2) {
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
  if (c == '=') return;  // another one
  high_digit_ = c;
  quoted_ = (c == '0' || (c >= '2' && c <= '7')) ? 2 : 0;
  if (quoted_ == 0 && c != ' ' && c != '\t') blanks_ = 0;
}

// Of what is not encoded.
void MimeEvidence::note_literal(std::string_view octets) noexcept {
  if (blanks_ > 0 && octets.find_first_not_of(" \t\r") != octets.npos) blanks_ = 0;
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
  if (encoded.empty() || (!counts_octets_ && !quoted_printable_ && !base64_)) return;
  if (ascii_ && !facts_.ascii_text_illegal)
    facts_.ascii_text_illegal =
        (cr_ && encoded.front() != '\n') || mime::find(kNotAsciiText, encoded) < encoded.size();
  cr_ = encoded.back() == '\r';
  const std::uint64_t octets = encoded.size() - mime::count(kReturn, encoded);
  if (counts_octets_) nodes_[current_].octets += octets;
  if (plain_) {
    facts_.text_octets += octets;
    note_plain(as_text(encoded));
  }
  if (quoted_printable_) {
    facts_.quoted_printable_octets += octets;
    note_quoted_lines(as_text(encoded));
  } else if (base64_) {
    note_lines(as_text(encoded));
  }
}

void MimeEvidence::note_lines(std::string_view encoded) noexcept {
  while (!encoded.empty()) {
    const std::size_t end = encoded.find('\n');
    add_to_line(encoded.substr(0, end + (end == encoded.npos ? 0 : 1)), facts_.base64_line_max);
    if (end == encoded.npos) return;
    end_line();
    encoded.remove_prefix(end + 1);
  }
}

// Looks for CRs, which do not count, where it matters: in lines above `most`, and at the end.
void MimeEvidence::add_to_line(std::string_view octets, std::uint64_t most) noexcept {
  line_ += octets.size();
  if (line_ > most || !octets.ends_with('\n')) line_ -= mime::count(kReturn, as_bytes(octets));
}

void MimeEvidence::note_quoted_lines(std::string_view encoded) noexcept {
  std::size_t line = 0;  // begin of what is not in line_
  std::size_t at = 0;    // of what is not looked at
  const auto end_escape = [&] {
    while (quoted_ > 0 && at < encoded.size() && encoded[at] != '\n')
      if (const char c = encoded[at++]; c != '\r') note_quoted(c);
  };
  end_escape();
  mime::for_each_member(kQuotedMarks, as_bytes(encoded), [&](std::size_t mark) {
    if (mark < at) return;  // within an escape
    note_literal(encoded.substr(at, mark - at));
    at = mark + 1;
    if (encoded[mark] == '=') {
      quoted_ = 1;
      end_escape();
      return;
    }
    if (quoted_ > 0) blanks_ = 0;  // a soft line end is behind them
    add_to_line(encoded.substr(line, at - line), kQuotedPrintableLine + 1);
    end_line();
    line = at;
  });
  note_literal(encoded.substr(at));
  add_to_line(encoded.substr(line), 0);
}

void MimeEvidence::note_plain(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    if (escape_ == 0) at = std::min(text.find('&', at), text.size() - 1);
    if (const char c = text[at++]; c != '\r') note_escape(c);
  }
}

// "&#x0416;"
void MimeEvidence::note_escape(char c) noexcept {
  constexpr std::string_view kEscape = "&#xHHHH;";
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
