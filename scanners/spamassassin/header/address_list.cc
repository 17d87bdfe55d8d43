#include "scanners/spamassassin/header/address_list.h"

#include "scanners/mime/octet_search.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

// Behind the quoted text that begins at `at`; npos when it is not closed.
std::size_t end_of_quoted(std::string_view text, std::size_t at, char close) {
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == close)
      return i + 1;
  }
  return std::string_view::npos;
}

// Without "(…)".
void append_without_comments(std::string_view text, std::string& out) {
  while (true) {
    const std::size_t open = text.find('(');
    const std::size_t end = open == std::string_view::npos ? open : end_of_quoted(text, open, ')');
    out += text.substr(0, end == std::string_view::npos ? end : open);
    if (end == std::string_view::npos) return;  // none is closed any more
    text.remove_prefix(end);
  }
}

std::string_view without_comments(std::string_view text, std::string& made) {
  if (text.find('(') == std::string_view::npos) return text;
  made.clear();
  append_without_comments(text, made);
  return made;
}

// Quotes and what escapes in them are removed, comments outside them too.
void append_plain(std::string_view phrase, std::string& out) {
  while (!phrase.empty()) {
    if (phrase[0] == '"') {
      const std::size_t end = end_of_quoted(phrase, 0, '"');
      if (end == std::string_view::npos) return append_without_comments(phrase.substr(1), out);
      for (std::size_t i = 1; i + 1 < end; ++i)
        if (phrase[i] != '\\' || phrase[i + 1] == '\\') out += phrase[i];
      phrase.remove_prefix(end);
      continue;
    }
    const std::size_t end = std::min(phrase.find('"'), phrase.size());
    append_without_comments(phrase.substr(0, end), out);
    phrase.remove_prefix(end);
  }
}

std::string_view plain_phrase(std::string_view phrase, std::string& made) {
  constexpr mime::OctetSet kSpecial = mime::octets_of("\"(\\");
  const bool quoted = phrase.size() > 1 && phrase.front() == '"' && phrase.back() == '"';
  const std::string_view inside = quoted ? phrase.substr(1, phrase.size() - 2) : phrase;
  if (mime::size_before(kSpecial, inside) == inside.size()) return inside;
  made.clear();
  append_plain(phrase, made);
  return made;
}

constexpr mime::OctetSet kNoLocal = mime::octets_of("@ \t\r\n<>()[],:;");
constexpr mime::OctetSet kNoDomain = mime::octets_of("\" \t\r\n<>()[],:;");

std::size_t behind_blanks(std::string_view text, std::size_t from = 0) {
  while (from < text.size() && is_blank(text[from])) ++from;
  return from < text.size() ? from : std::string_view::npos;
}

// The length of "local@domain" at the front, or 0.
std::size_t address_length(std::string_view text) {
  std::size_t at = 0;
  if (text.starts_with('"')) {
    const std::size_t end = end_of_quoted(text, 0, '"');
    if (end == std::string_view::npos) return 0;
    at = end;
  } else {
    at = mime::size_before(kNoLocal, text);
  }
  if (at == 0 || at >= text.size() || text[at] != '@') return 0;
  std::size_t end = at + 1;
  if (text.substr(end).starts_with('[')) {
    end = text.find(']', end);
    return end == std::string_view::npos ? 0 : end + 1;
  }
  end += mime::size_before(kNoDomain, text.substr(end));
  return end == at + 1 ? 0 : end;
}

bool is_address(std::string_view text) {
  return !text.empty() && address_length(text) == text.size() && !text.starts_with("\"\"@") &&
         std::ranges::count(text, '"') != 1;
}

// "local@domain" of what may have more than one "@".
std::string_view first_address(std::string_view text) {
  const std::size_t at = text.find('@');
  return text.substr(0, text.find('@', at + 1));
}

void set_address(NamedAddress& out, std::string_view text) {
  if (!is_address(text)) return;
  out.address = first_address(text);
  out.has_address = true;
}

// A phrase alone that looks like an address is one.
void take_phrase(NamedAddress& out, std::string_view phrase) {
  if (!out.has_address && is_address(phrase) && phrase.find('.') != phrase.npos)
    return set_address(out, phrase);
  if (phrase.empty() || phrase == out.address) return;
  out.name = phrase;
  out.has_name = true;
}

// "name: a, b;" is a group.
std::string_view without_group(std::string_view field) {
  const std::size_t colon = field.find(':');
  if (colon == std::string_view::npos) return field;
  if (field.substr(0, colon).find_first_of("\"()<>") != std::string_view::npos) return field;
  const std::size_t end = field.find(';', colon);
  return trim(field.substr(colon + 1, end == std::string_view::npos ? end : end - colon - 1));
}

}  // namespace

AddressReader::AddressReader(std::string_view field) : rest_(without_group(trim(field))) {}

bool AddressReader::next(NamedAddress& out) {
  if (told_ == kAddressesMax) return false;
  listed_ = listed_ && read(out);
  if (!listed_ && !find_enclosed(out)) return false;
  ++told_;
  return true;
}

// One mailbox with the comma behind it; false when nothing can be read any more.
bool AddressReader::read(NamedAddress& out) {
  out = {};
  rest_ = without_blanks_in_front(rest_);
  if (rest_.empty() || broken_) return false;
  const std::size_t bare = address_length(rest_);
  if (bare > 0 && ends_mailbox(bare)) {
    set_address(out, rest_.substr(0, bare));
    rest_.remove_prefix(bare);
  } else if (!read_phrase(out)) {
    return false;
  }
  read_comment(out);
  const std::size_t next = behind_blanks(rest_);
  if (next == std::string_view::npos)
    rest_ = {};
  else if (rest_[next] == ',' || rest_[next] == ';')
    rest_.remove_prefix(next + 1);
  else
    broken_ = true;
  return !broken_ || out.has_address;
}

bool AddressReader::ends_mailbox(std::size_t at) const {
  const std::size_t next = behind_blanks(rest_, at);
  return next == std::string_view::npos ||
         std::string_view(",;(").find(rest_[next]) != std::string_view::npos;
}

// Phrase up to "<", a comma or the end; then the address in "<…>".
bool AddressReader::read_phrase(NamedAddress& out) {
  std::size_t at = 0;
  while (at < rest_.size() && rest_[at] != ',' && rest_[at] != ';' && rest_[at] != '<') {
    const std::size_t end = rest_[at] == '"' ? end_of_quoted(rest_, at, '"') : at + 1;
    if (end == std::string_view::npos) return false;
    at = end;
  }
  const std::string_view phrase = trim(rest_.substr(0, at));
  const bool enclosed = at < rest_.size() && rest_[at] == '<';
  if (phrase.empty() && !enclosed) return false;
  rest_.remove_prefix(at);
  if (enclosed && !read_enclosed(out)) return false;
  take_phrase(out, plain_phrase(phrase, name_));
  return true;
}

bool AddressReader::read_enclosed(NamedAddress& out) {
  const std::size_t end = rest_.find('>');
  if (end == std::string_view::npos) return false;
  set_address(out, trim(without_comments(trim(rest_.substr(1, end - 1)), address_)));
  rest_.remove_prefix(end + 1);
  // Some programs write the address twice.
  for (std::size_t next = behind_blanks(rest_);
       next != std::string_view::npos && rest_[next] == '<'; next = behind_blanks(rest_)) {
    const std::size_t close = rest_.find('>', next);
    if (close == std::string_view::npos) break;
    rest_.remove_prefix(close + 1);
  }
  return true;
}

void AddressReader::read_comment(NamedAddress& out) {
  const std::size_t open = behind_blanks(rest_);
  if (open == std::string_view::npos || rest_[open] != '(') return;
  const std::size_t end = end_of_quoted(rest_, open, ')');
  if (end == std::string_view::npos) return;
  if (!out.has_name) {
    out.name = rest_.substr(open + 1, end - open - 2);
    out.has_name = true;
  }
  rest_.remove_prefix(end);
}

// What could not be read may still hold "<local@domain>".
bool AddressReader::find_enclosed(NamedAddress& out) {
  while (true) {
    const std::size_t open = rest_.find('<');
    if (open == std::string_view::npos) return false;
    rest_.remove_prefix(open + 1);
    const std::size_t length = address_length(rest_);
    if (length == 0 || rest_.substr(length, 1) != ">") continue;
    out = {first_address(rest_.substr(0, length)), {}, true, false};
    return true;
  }
}

}  // namespace sluice::scan::sa
