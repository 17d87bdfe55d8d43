#include "scanners/spamassassin/evidence/text_evidence.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "engine/base/bytes.h"
#include "scanners/mime/octet_search.h"
#include "scanners/mime/white_space.h"
#include "scanners/short_text.h"
#include "scanners/spamassassin/evidence/mail_addresses.h"
#include "scanners/spamassassin/evidence/mime_evidence.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

constexpr std::size_t kStockLineBytes = 64;
constexpr std::size_t kHashPrime = 1099511628211ULL;
constexpr std::uint64_t kHashMixer = 0xa0761d6478bd642f;

using mime::OctetSet;
constexpr OctetSet kCapitals =
    OctetSet::of([](unsigned octet) { return octet >= 'A' && octet <= 'Z'; });
constexpr OctetSet kSmalls = OctetSet::of([](unsigned octet) {
  return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9');
});
constexpr OctetSet kLineFeed = OctetSet::of([](unsigned octet) { return octet == '\n'; });
// What a blank line ends in: a blank, or the line end before, with a line end behind it.
constexpr mime::OctetPattern kBlankEnd({}, OctetSet::of([](unsigned octet) {
                                         return is_blank(static_cast<char>(octet));
                                       }),
                                       kLineFeed);
constexpr OctetSet kSpace = OctetSet::of([](unsigned octet) { return octet == ' '; });
constexpr OctetSet kWhiteLeads =
    OctetSet::of([](unsigned octet) { return mime::kWhiteSpaceLeads[octet]; });
constexpr OctetSet kWordOctets = OctetSet::of([](unsigned octet) {
  const unsigned lower = octet | 0x20;
  return octet >= 0x80 || (lower >= 'a' && lower <= 'z') || (octet >= '0' && octet <= '9') ||
         octet == '_';
});

bool is_word_octet(char c) noexcept { return kWordOctets.has(static_cast<std::uint8_t>(c)); }

bool has_two_words(std::string_view text) noexcept {
  return std::ranges::any_of(trim(text), is_blank);
}

// Of the octets of a word behind others with the hash `before`.
std::size_t hash_of(std::string_view octets, std::size_t before) noexcept {
  if (octets.size() > kShortTextBytes)
    return (before * kHashPrime) ^ std::hash<std::string_view>{}(octets);
  const ShortText text = ShortText::of(octets);
  const std::uint64_t begin = (text.begin ^ octets.size()) * kHashMixer;
  const std::uint64_t both = (std::rotl(begin, 32) ^ text.end) * kHashMixer;
  return (before * kHashPrime) ^ both ^ both >> 32;
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
  std::vector<std::string> addresses = std::move(facts_.addresses);  // for their memory
  addresses.clear();
  facts_ = {};
  facts_.addresses = std::move(addresses);
  if (alternatives_.size() > kAlternativesKept) alternatives_.resize(kAlternativesKept);
  for (Alternative& one : alternatives_) {
    one.html.clear();
    one.text.clear();
  }
  alternatives_used_ = 0;
  words_ = nullptr;
  stock_ = false;
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
  facts_.capitals += mime::count(kCapitals, as_bytes(element));
  facts_.smalls += mime::count(kSmalls, as_bytes(element));
}

void TextEvidence::note_spaces(std::string_view element) noexcept {
  if (element.size() <= 5) return;
  const std::size_t spaces = mime::count(kSpace, as_bytes(element));
  const std::size_t others = element.size() - spaces;
  const int percent =
      spaces > others || others == 0 ? 100 : static_cast<int>(100 * spaces / others);
  facts_.spaces_percent_max = std::max(facts_.spaces_percent_max, percent);
}

void TextEvidence::rawbody(std::string_view element) noexcept {
  facts_.rawbody_octets += element.size();
  if (element.empty()) return;
  facts_.lines += mime::count(kLineFeed, as_bytes(element)) + (element.back() == '\n' ? 0 : 1);
  // Whether the line that ends at `end`, before its line end, is blank.
  const auto is_blank_line = [&](std::size_t end) {
    while (end > 0 && element[end - 1] != '\n' && is_blank(element[end - 1])) --end;
    return end == 0 || element[end - 1] == '\n';
  };
  facts_.blank_lines += element.front() == '\n' ? 1 : 0;
  for (std::size_t at = 0;
       (at += mime::find(kBlankEnd, as_bytes(element.substr(at)))) + 1 < element.size();)
    facts_.blank_lines += is_blank_line(++at) ? 1 : 0;
  if (element.back() != '\n') facts_.blank_lines += is_blank_line(element.size()) ? 1 : 0;
}

void TextEvidence::part_begin(std::uint32_t alternative, bool html, bool first_plain) {
  words_ = nullptr;
  stock_ = first_plain;
  html_ = html;
  word_.clear();
  word_hash_ = 0;
  word_counts_ = false;
  line_.clear();
  if (alternative == MimeNode::kNone) return;
  Alternative* const found = alternative_of(alternative);
  if (found != nullptr) words_ = html ? &found->html : &found->text;
}

// Null when there are too many.
Alternative* TextEvidence::alternative_of(std::uint32_t container) {
  const auto used = std::span(alternatives_).first(alternatives_used_);
  const auto found = std::ranges::find(used, container, &Alternative::container);
  if (found != used.end()) return &*found;
  if (alternatives_used_ == kAlternativesMax) return nullptr;
  if (alternatives_used_ == alternatives_.size()) alternatives_.emplace_back();
  Alternative& added = alternatives_[alternatives_used_++];
  added.container = container;
  return &added;
}

void TextEvidence::rendered(ByteView utf8) {
  if (stock_) note_stock_lines(as_text(utf8));
  if (words_ == nullptr) return;
  std::size_t begin = 0;
  mime::for_each_member(kWhiteLeads, utf8, [&](std::size_t at) {
    const std::size_t blank = mime::white_space_size(utf8.subspan(at));
    if (blank == 0) return;
    end_word(as_text(utf8.subspan(begin, at - begin)));
    begin = at + blank;
  });
  hold_word(as_text(utf8.subspan(begin)));
}

// The same hash whatever the pieces: only a run that more follows is hashed.
void TextEvidence::hold_word(std::string_view begin) {
  word_counts_ = word_counts_ || std::ranges::any_of(begin, is_word_octet);
  while (!begin.empty()) {
    if (word_.view().size() == kWordRunBytes) {
      word_hash_ = hash_of(word_.view(), word_hash_);
      word_.clear();
    }
    const std::string_view run = begin.substr(0, kWordRunBytes - word_.view().size());
    word_.append(run);
    begin.remove_prefix(run.size());
  }
}

void TextEvidence::end_word(std::string_view end) {
  if (word_.empty() && end.size() <= kWordRunBytes) {
    if (std::ranges::any_of(end, is_word_octet)) words_->add(hash_of(end, 0), kAlternativeWordsMax);
    return;
  }
  hold_word(end);
  end_held_word();
}

void TextEvidence::end_held_word() {
  if (word_counts_) words_->add(hash_of(word_.view(), word_hash_), kAlternativeWordsMax);
  word_.clear();
  word_hash_ = 0;
  word_counts_ = false;
}

void TextEvidence::part_end(bool has_image) {
  if (words_ != nullptr) end_held_word();
  if (words_ != nullptr && html_ && has_image && words_->empty())
    words_->add(0, kAlternativeWordsMax);
  if (stock_) note_stock(line_);
  words_ = nullptr;
  stock_ = false;
}

void TextEvidence::message_end() noexcept {
  for (Alternative& one : std::span(alternatives_).first(alternatives_used_)) {
    one.lacking = 0;
    one.html.for_each([&](std::size_t word, std::uint32_t count) {
      one.lacking += one.text.count(word) < count ? 1 : 0;
    });
  }
}

// Only lines with a colon are looked at, and held when they go on.
void TextEvidence::note_stock_lines(std::string_view text) {
  if (!line_.empty()) {
    const std::size_t end = text.find('\n');
    hold_line(text.substr(0, end));
    if (end == text.npos) return;
    note_stock(line_);
    line_.clear();
    text.remove_prefix(end + 1);
  }
  for (std::size_t colon; (colon = text.find(':')) != text.npos;) {
    const std::size_t begin = text.rfind('\n', colon) + 1;
    const std::size_t end = text.find('\n', colon);
    if (end == text.npos) break;
    note_stock(text.substr(begin, std::min(end - begin, kStockLineBytes)));
    text.remove_prefix(end + 1);
  }
  hold_line(text.substr(text.rfind('\n') + 1));
}

void TextEvidence::hold_line(std::string_view text) {
  line_ += text.substr(0, kStockLineBytes - line_.size());
}

// "Current Price: $1.20"
void TextEvidence::note_stock(std::string_view line) noexcept {
  while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  const std::size_t colon = line.find(':');
  if (colon == line.npos || colon < 3 || trim(line.substr(colon + 1)).empty() ||
      trim(line.substr(0, colon)).size() > 30)
    return;
  std::string letters;
  for (const char c : line.substr(0, colon))
    if (const char lower = ascii_lower(c); lower >= 'a' && lower <= 'z') letters += lower;
  for (std::size_t i = 0; i < kStockWords.size(); ++i)
    if (letters.ends_with(kStockWords[i])) {
      facts_.stock_words |= 1U << i;
      return;
    }
  if (letters == "tradedate" || letters == "tradingdate") facts_.stock_words |= 1U << 31;
}

}  // namespace sluice::scan::sa
