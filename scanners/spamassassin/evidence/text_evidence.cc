#include "scanners/spamassassin/evidence/text_evidence.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "scanners/mime/white_space.h"
#include "scanners/spamassassin/evidence/mail_addresses.h"
#include "scanners/spamassassin/evidence/mime_evidence.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

constexpr std::size_t kStockLineBytes = 64;
constexpr std::size_t kFnvOffset = 14695981039346656037ULL;
constexpr std::size_t kFnvPrime = 1099511628211ULL;

bool is_word_octet(char c) noexcept {
  const char lower = ascii_lower(c);
  return static_cast<unsigned char>(c) >= 0x80 || (lower >= 'a' && lower <= 'z') ||
         (c >= '0' && c <= '9') || c == '_';
}

bool has_two_words(std::string_view text) noexcept {
  text = trim(text);
  return text.find_first_of(kBlanks) != text.npos;
}

// Two lines of an encoding that nothing decoded.
bool looks_encoded(std::string_view text) noexcept {
  for (int line = 0; line < 2; ++line) {
    const std::size_t end = text.find(' ');
    if (end == text.npos || end < 60 || end > 76) return false;
    if (!std::ranges::all_of(text.substr(0, end), [](char c) {
          return static_cast<unsigned char>(c) < 0x80 &&
                 ((is_word_octet(c) && c != '_') || c == '+' || c == '/' || c == '=');
        }))
      return false;
    text.remove_prefix(end + 1);
  }
  return true;
}

// Headings of adverts for shares, which end in one of these.
constexpr std::array<std::string_view, 25> kStockWords{"company",
                                                       "companyname",
                                                       "stock",
                                                       "symbol",
                                                       "sym",
                                                       "target",
                                                       "ticker",
                                                       "openingp",
                                                       "currentp",
                                                       "openingprice",
                                                       "currentprice",
                                                       "projected",
                                                       "position",
                                                       "expectations",
                                                       "weekshigh",
                                                       "weekhigh",
                                                       "marketperformance",
                                                       "pricetarget",
                                                       "daytarget",
                                                       "yeartarget",
                                                       "monthtarget",
                                                       "weektarget",
                                                       "sector",
                                                       "recommendation",
                                                       "rating"};

}  // namespace

void TextEvidence::begin() {
  facts_ = {};
  alternatives_.clear();
  words_ = nullptr;
  stock_ = in_word_ = false;
}

void TextEvidence::body(std::string_view element) {
  facts_.body_octets += element.size();
  note_case(element);
  note_spaces(element);
  find_mail_addresses(element, kMailAddressesMax, facts_.addresses);
}

void TextEvidence::note_case(std::string_view element) noexcept {
  if (!has_two_words(element) || looks_encoded(element)) return;
  facts_.octets += element.size();
  facts_.capitals += count_octets(element, [](std::uint8_t c) { return c >= 'A' && c <= 'Z'; });
  facts_.smalls += count_octets(
      element, [](std::uint8_t c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

void TextEvidence::note_spaces(std::string_view element) noexcept {
  if (element.size() <= 5) return;
  const auto spaces = static_cast<std::size_t>(std::ranges::count(element, ' '));
  const std::size_t others = element.size() - spaces;
  const int percent =
      spaces > others || others == 0 ? 100 : static_cast<int>(100 * spaces / others);
  facts_.spaces_percent_max = std::max(facts_.spaces_percent_max, percent);
}

void TextEvidence::rawbody(std::string_view element) noexcept {
  facts_.rawbody_octets += element.size();
  while (!element.empty()) {
    const std::string_view line = element.substr(0, element.find('\n'));
    ++facts_.lines;
    facts_.blank_lines += trim(line).empty();
    element.remove_prefix(std::min(line.size() + 1, element.size()));
  }
}

void TextEvidence::part_begin(std::uint32_t alternative, bool html, bool first_plain) {
  words_ = nullptr;
  stock_ = first_plain;
  html_ = html;
  in_word_ = word_counts_ = false;
  line_.clear();
  if (alternative == MimeNode::kNone) return;
  auto found = std::ranges::find(alternatives_, alternative, &Alternative::container);
  if (found == alternatives_.end()) {
    if (alternatives_.size() == kAlternativesMax) return;
    alternatives_.push_back({alternative, {}, {}});
    found = alternatives_.end() - 1;
  }
  words_ = html ? &found->html : &found->text;
}

void TextEvidence::rendered(ByteView utf8) {
  if (stock_) note_stock_lines(as_text(utf8));
  if (words_ == nullptr) return;
  std::size_t at = 0;
  while (at < utf8.size()) {
    if (const std::size_t blank = mime::white_space_size(utf8.subspan(at)); blank > 0) {
      end_word();
      at += blank;
      continue;
    }
    std::uint64_t hash = in_word_ ? word_hash_ : kFnvOffset;
    bool counts = word_counts_;
    in_word_ = true;
    do {
      hash = (hash ^ utf8[at]) * kFnvPrime;
      counts = counts || is_word_octet(static_cast<char>(utf8[at]));
      ++at;
    } while (at < utf8.size() && mime::white_space_size(utf8.subspan(at)) == 0);
    word_hash_ = hash;
    word_counts_ = counts;
  }
}

void TextEvidence::end_word() {
  if (in_word_ && word_counts_ &&
      (words_->size() < kAlternativeWordsMax || words_->contains(word_hash_)))
    ++(*words_)[word_hash_];
  in_word_ = word_counts_ = false;
}

void TextEvidence::part_end(bool has_image) {
  if (words_ != nullptr) end_word();
  if (words_ != nullptr && html_ && has_image && words_->empty()) (*words_)[0] = 1;
  if (stock_) note_stock(line_);
  words_ = nullptr;
  stock_ = false;
}

void TextEvidence::note_stock_lines(std::string_view text) {
  while (true) {
    const std::size_t end = text.find('\n');
    line_ += text.substr(0, std::min(end, kStockLineBytes - line_.size()));
    if (end == text.npos) return;
    note_stock(line_);
    line_.clear();
    text.remove_prefix(end + 1);
  }
}

// "Current Price: $1.20"
void TextEvidence::note_stock(std::string_view line) noexcept {
  line = line.substr(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::size_t colon = line.find(':');
  if (colon == line.npos || colon < 3 || trim(line.substr(colon + 1)).empty()) return;
  std::string letters;
  for (const char c : line.substr(0, colon))
    if (const char lower = ascii_lower(c); lower >= 'a' && lower <= 'z') letters += lower;
  if (trim(line.substr(0, colon)).size() > 30) return;
  for (std::size_t i = 0; i < kStockWords.size(); ++i)
    if (letters.ends_with(kStockWords[i])) {
      facts_.stock_words |= 1U << i;
      return;
    }
  if (letters == "tradedate" || letters == "tradingdate") facts_.stock_words |= 1U << 31;
}

}  // namespace sluice::scan::sa
