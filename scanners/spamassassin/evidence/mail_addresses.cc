#include "scanners/spamassassin/evidence/mail_addresses.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/text.h"
#include "scanners/uri/host.h"

namespace sluice::scan::sa {
namespace {

constexpr std::size_t kUserBytesMax = 64;
constexpr std::size_t kDomainBytesMax = 255;
constexpr std::size_t kLabelBytesMax = 61;

bool is_alphanumeric(char c) noexcept {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

bool is_atom(char c) noexcept {
  return is_alphanumeric(c) ||
         std::string_view("!#$%&'*+/=?^_`{|}~-").find(c) != std::string_view::npos;
}

// The local part that ends at `end`: atoms with single dots between.
std::size_t user_begin(std::string_view text, std::size_t end) noexcept {
  std::size_t begin = end;
  const std::size_t least = end - std::min(end, kUserBytesMax);
  while (begin > least) {
    const char c = text[begin - 1];
    const bool dot = c == '.' && begin < end && text[begin] != '.';
    if (!is_atom(c) && !dot) break;
    --begin;
  }
  while (begin < end && text[begin] == '.') ++begin;
  return begin;
}

bool ends_in_suffix(std::string_view host) noexcept {
  uri::HostText lower;
  for (const char c : host.substr(host.rfind('.'))) {
    const char small = ascii_lower(c);
    lower.append({&small, 1});
  }
  return uri::has_known_suffix(lower.view());
}

// The longest host name from `begin` on that ends in a top-level domain; empty when there is none.
std::string_view domain_at(std::string_view text, std::size_t begin) noexcept {
  std::size_t end = begin;
  std::size_t label = begin;
  std::string_view found;
  for (int labels = 0; labels < 5 && end - begin < kDomainBytesMax; ++labels) {
    while (end < text.size() && (is_alphanumeric(text[end]) || text[end] == '-')) ++end;
    std::size_t last = end;
    while (last > label && text[last - 1] == '-') --last;
    if (last == label || last - label > kLabelBytesMax || text[label] == '-') break;
    if (labels > 0 && ends_in_suffix(text.substr(begin, last - begin)))
      found = text.substr(begin, last - begin);
    if (end == text.size() || text[end] != '.') break;
    label = ++end;
  }
  return found;
}

// Whether places of a text, asked in ascending order, have "http://" or "https://" before them in
// their word. What was looked at is not looked at again: a word may be all of the text.
class LinkWatch {
 public:
  explicit LinkWatch(std::string_view text) noexcept : text_(text) {}

  bool in_link(std::size_t at) noexcept {
    const std::size_t blank = text_.substr(seen_, at - seen_).find_last_of(" \t\n");
    if (blank != text_.npos) {
      word_ = seen_ + blank + 1;
      link_ = false;
    }
    const std::size_t from = std::max(word_, seen_ - std::min(seen_, kLongest.size()));
    const std::string_view fresh = text_.substr(from, at - from);
    link_ = link_ || contains_ignoring_case(fresh, "http://") ||
            contains_ignoring_case(fresh, kLongest);
    seen_ = at;
    return link_;
  }

 private:
  static constexpr std::string_view kLongest = "https://";
  std::string_view text_;
  std::size_t seen_ = 0, word_ = 0;
  bool link_ = false;
};

// "joe@example.com> " or "… Subject:".
bool is_quoted_header(std::string_view text, std::size_t begin, std::string_view behind) noexcept {
  if (begin >= 7 && equals_ignoring_case(text.substr(begin - 7, 7), "mailto:")) return false;
  if (behind.starts_with('>')) return true;
  const std::size_t blanks = std::min(behind.find_first_not_of(kBlanks), behind.size());
  if (blanks == 0 || blanks > 10) return false;
  behind.remove_prefix(blanks);
  for (const std::string_view word :
       {"fax", "facsi", "tel", "phone", "email", "e-mail", "mail", "e-mail"})
    if (equals_ignoring_case(behind.substr(0, word.size()), word)) return false;
  std::size_t letters = 0;
  while (letters < behind.size() && is_alphanumeric(behind[letters]) &&
         (behind[letters] < '0' || behind[letters] > '9'))
    ++letters;
  return letters >= 2 && letters <= 11 && behind.substr(letters).starts_with(':');
}

}  // namespace

void find_mail_addresses(std::string_view text, std::size_t count_max,
                         std::vector<std::string>& out) {
  LinkWatch links(text);
  for (std::size_t at = text.find('@'); at != text.npos && out.size() < count_max;
       at = text.find('@', at + 1)) {
    const std::size_t begin = user_begin(text, at);
    if (begin == at || links.in_link(at)) continue;
    const std::string_view domain = domain_at(text, at + 1);
    if (domain.empty()) continue;
    const std::size_t end = at + 1 + domain.size();
    if (is_quoted_header(text, begin, text.substr(end))) continue;
    std::string address = lower_case(text.substr(begin, end - begin));
    if (std::ranges::find(out, address) == out.end()) out.push_back(std::move(address));
  }
}

}  // namespace sluice::scan::sa
