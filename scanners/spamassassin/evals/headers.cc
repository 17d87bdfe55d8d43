// Functions about the form of header fields.
#include <algorithm>
#include <array>
#include <set>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/eval.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

bool is_letter(char c) {
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'z';
}

// The length of the UTF-8 character at the front, 0 when it is none (RFC 3629 4, roughly).
std::size_t utf8_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xc2 ? 0
                           : first < 0xe0 ? 2
                           : first < 0xf0 ? 3
                           : first < 0xf5 ? 4
                                          : 0;
  if (size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  return size;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = utf8_length(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

struct OctetCounts {
  std::uint64_t controls = 0, deletes = 0, eight_bit = 0;
  std::uint64_t exempt = 0;  // pound, cent and registered sign in Latin-1
};

// In runs that a vector's small counters hold.
OctetCounts count_octets(std::string_view text) noexcept {
  OctetCounts all;
  constexpr std::size_t kRun = 255;
  for (std::size_t at = 0; at < text.size(); at += kRun) {
    std::uint8_t controls = 0, deletes = 0, eight_bit = 0, exempt = 0;
    for (const char c : text.substr(at, kRun)) {
      const auto code = static_cast<std::uint8_t>(c);
      controls += (code < 0x20) & (code != '\t') & (code != '\n') & (code != '\r');
      deletes += code == 0x7f;
      eight_bit += code >= 0x80;
      exempt += (code == 0xa2) | (code == 0xa3) | (code == 0xae);
    }
    all.controls += controls;
    all.deletes += deletes;
    all.eight_bit += eight_bit;
    all.exempt += exempt;
  }
  return all;
}

// check_illegal_chars('Subject', 'ratio', 'count')
int check_illegal_chars(const MessageEvidence& message, const Arguments& arguments) {
  if (arguments.size() < 3) return 0;
  const std::string_view field = arguments[0].substr(0, arguments[0].find(':'));
  const std::string& text = message.facts.raw_values(field);
  if (trim(text).empty()) return 0;
  const OctetCounts counts = count_octets(text);
  if (counts.eight_bit > 0 && counts.controls == 0 && is_utf8(text)) return 0;
  auto illegal = static_cast<double>(counts.controls + counts.eight_bit + counts.deletes);
  // One pound, cent or registered sign in Latin-1 is nobody's crime.
  if (illegal > 0 && counts.exempt == 1 && equals_ignoring_case(field, "Subject")) illegal -= 1;
  return illegal / static_cast<double>(text.size()) >= arguments.number(1) &&
         illegal >= arguments.number(2);
}

// Without "Re:" and its like in front.
std::string_view without_reply_marks(std::string_view subject) {
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view mark :
         {"Re:", "Fwd:", "Fw:", "Aw:", "Antwort:", "WG:", "SV:", "VB:", "VS:", "VL:"})
      if (equals_ignoring_case(subject.substr(0, mark.size()), mark)) {
        subject = trim(subject.substr(mark.size()));
        again = true;
      }
  }
  return subject;
}

int subject_is_all_caps(const MessageEvidence& message, const Arguments&) {
  const std::string& values = message.facts.values("Subject");
  const std::string_view subject = without_reply_marks(trim(values));
  if (subject.size() < 10 || subject.find_first_of(kBlanks) == std::string_view::npos) return 0;
  // Octets of these charsets look like capitals when nothing decodes them.
  const std::string& raw = message.facts.raw_values("Subject");
  for (const char* charset : {"=?koi8-r?", "=?iso-2022-jp?", "=?jp", "=?jis", "=?ks_c", "=?euc-kr"})
    if (std::ranges::search(raw, std::string_view(charset), [](char a, char b) {
          return ascii_lower(a) == b;
        }).begin() != raw.end())
      return 0;
  bool letters = false;
  for (const char c : subject) {
    if (c >= 'a' && c <= 'z') return 0;
    letters = letters || is_letter(c);
  }
  return letters;
}

// check_for_to_in_subject('address' | 'user')
int check_for_to_in_subject(const MessageEvidence& message, const Arguments& arguments) {
  const std::string_view to = message.facts.first_address("To");
  if (to.empty() || arguments.size() == 0) return 0;
  const std::string& values = message.facts.values("Subject");
  const std::string_view subject = trim(values);
  const auto same = [](char a, char b) { return ascii_lower(a) == ascii_lower(b); };
  if (arguments[0] == "address")
    return std::ranges::search(subject, to, same).begin() != subject.end();
  if (arguments[0] != "user") return 0;
  const std::string_view user = to.substr(0, to.find('@'));
  if (user.empty()) return 0;
  if (equals_ignoring_case(subject, user)) return 1;
  if (subject.starts_with(user)) {  // "joe, buy this"
    std::string_view rest = trim(subject.substr(user.size()));
    if (!rest.empty() && std::string_view(",:;!?-").find(rest[0]) != std::string_view::npos)
      return rest.size() == 1 || kBlanks.find(rest[1]) != std::string_view::npos;
  }
  for (const std::string_view mark : {"re:", "fw:"}) {  // "Re: joe", "Re: to joe"
    if (!equals_ignoring_case(subject.substr(0, mark.size()), mark)) continue;
    const std::string_view rest = trim(subject.substr(mark.size()));
    if (equals_ignoring_case(rest, user)) return 1;
    const std::size_t blank = rest.find(' ');
    if (blank != std::string_view::npos && equals_ignoring_case(trim(rest.substr(blank)), user))
      return 1;
  }
  return 0;
}

// check_header_count_range('Received', 'least', 'most'): different values.
int check_header_count_range(const MessageEvidence& message, const Arguments& arguments) {
  if (arguments.size() < 3) return 0;
  std::set<std::string, std::less<>> values;
  for (std::size_t i = 0; i < message.headers.size(); ++i)
    if (const auto field = message.headers.field(i); equals_ignoring_case(field.name, arguments[0]))
      values.emplace(field.value);
  const auto count = static_cast<double>(values.size());
  return count >= arguments.number(1) && count <= arguments.number(2);
}

// "%RANDOM_WORD": a template that nobody filled in.
int check_unresolved_template(const MessageEvidence& message, const Arguments&) {
  for (std::size_t i = 0; i < message.headers.size(); ++i) {
    const auto field = message.headers.field(i);
    if (field.value.find('%') == std::string_view::npos) continue;
    constexpr std::array<std::string_view, 12> kFree{
        "X-VMS-To", "X-UIDL",     "X-Face",      "To",         "Cc",           "From",
        "Subject",  "References", "In-Reply-To", "Message-Id", "X-Message-Id", "Resent-Message-Id"};
    if (std::ranges::any_of(
            kFree, [&](std::string_view name) { return equals_ignoring_case(field.name, name); }) ||
        equals_ignoring_case(field.name, "X-Original-Message-Id"))
      continue;
    const std::string_view value = field.value;
    for (std::size_t at = value.find('%'); at != std::string_view::npos;
         at = value.find('%', at + 1)) {
      const std::string_view word = value.substr(at + 1, 2);
      const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
      if (word.size() == 2 && capital(word[0]) &&
          (capital(word[1]) || word[1] == '_' || word[1] == '-'))
        return 1;
    }
  }
  return 0;
}

// The Message-ID of one bulk mailer: 28 capitals, then the sender's address.
int check_ratware_name_id(const MessageEvidence& message, const Arguments&) {
  const std::string& id = message.facts.values("Message-Id");
  const std::string& from = message.facts.values("From");
  for (std::size_t open = id.find('<'); open != std::string::npos; open = id.find('<', open + 1)) {
    const std::size_t end = id.find('>', open);
    if (end == std::string::npos || end < open + 30 || id[open + 29] != '.') continue;
    if (!std::ranges::all_of(id.substr(open + 1, 28), [](char c) { return c >= 'A' && c <= 'Z'; }))
      continue;
    const std::string address = "<" + id.substr(open + 30, end - open - 30) + ">";
    const std::size_t at = from.find(address);
    if (at != std::string::npos && from.substr(0, at).find('"') != std::string::npos) return 1;
  }
  return 0;
}

constexpr auto kEvals = std::to_array<NamedEval>({
    {"check_for_to_in_subject", check_for_to_in_subject},
    {"check_header_count_range", check_header_count_range},
    {"check_illegal_chars", check_illegal_chars},
    {"check_ratware_name_id", check_ratware_name_id},
    {"check_unresolved_template", check_unresolved_template},
    {"subject_is_all_caps", subject_is_all_caps},
});

}  // namespace

std::span<const NamedEval> header_evals() noexcept { return kEvals; }

}  // namespace sluice::scan::sa
