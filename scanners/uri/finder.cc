#include "scanners/uri/finder.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "scanners/mime/octet_search.h"
#include "scanners/mime/white_space.h"
#include "scanners/uri/host.h"

namespace sluice::scan::uri {
namespace {

using mime::Uri;
using mime::UriSign;
using mime::UriSource;

// An octet that no URI in text goes across.
constexpr bool is_end(unsigned octet) noexcept {
  return octet <= ' ' || octet == '<' || octet == '>' || octet == '"' || octet == 0x7f;
}

constexpr std::string_view kMarks = ".:[(";

// What every word that is a URI has, and almost no other: a mark with something behind it.
constexpr mime::OctetPattern kMarkWithin({}, mime::OctetSet::of([](unsigned octet) {
                                           return kMarks.find(static_cast<char>(octet)) !=
                                                  kMarks.npos;
                                         }),
                                         mime::OctetSet::of([](unsigned octet) {
                                           return !is_end(octet);
                                         }));

// Octets of the end of a word that `in` begins with; 0 when the word goes on.
std::size_t end_size(ByteView in) noexcept {
  return in[0] < 0x80 ? std::size_t{is_end(in[0])} : mime::white_space_size(in);
}

std::size_t word_end(ByteView in, std::size_t at) noexcept {
  while (at < in.size() && end_size(in.subspan(at)) == 0) ++at;
  return at;
}

// Where the word that goes on at `at` begins, no earlier than `from`.
std::size_t word_begin(ByteView in, std::size_t from, std::size_t at) noexcept {
  for (; at > from; --at) {
    if (in[at - 1] < 0x80) {
      if (is_end(in[at - 1])) return at;
      continue;
    }
    for (const std::size_t size : {2U, 3U})
      if (at - from >= size && end_size(in.subspan(at - size, size)) == size) return at;
  }
  return from;
}

constexpr mime::OctetSet kBefore = mime::octets_of("([{'*_-=,;:|!?.&#");
constexpr mime::OctetSet kBehind = mime::octets_of(".,;:!?)]}'*_|");
constexpr mime::OctetSet kBlank = mime::octets_of(" \t\r\n");

bool has(const mime::OctetSet& set, char c) noexcept {
  return set.has(static_cast<std::uint8_t>(c));
}

bool begins_ignoring_case(std::string_view text, std::string_view with) noexcept {
  return equals_ignoring_case(text.substr(0, with.size()), with);
}

bool is_word_octet(char c) noexcept {
  const char lower = ascii_lower(c);
  return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z');
}

// Where a URI begins in a word that has one for sure by its scheme or "www."; npos otherwise.
std::size_t find_start(std::string_view word) noexcept {
  constexpr std::string_view kStarts[] = {"http:",  "https:",  "ftp:",   "hxxp",   "h**p",
                                          "fxp://", "mailto:", "http[:", "https[", "www."};
  for (std::size_t at = 0; at < word.size(); ++at) {
    const char lower = ascii_lower(word[at]);
    if (lower != 'h' && lower != 'f' && lower != 'm' && lower != 'w') continue;
    if (at > 0 && is_word_octet(word[at - 1])) continue;
    for (const std::string_view start : kStarts)
      if (begins_ignoring_case(word.substr(at), start)) return at;
  }
  return word.npos;
}

// Closing brackets beyond those that open.
std::ptrdiff_t unopened(std::string_view text, char opening, char closing) noexcept {
  return std::ranges::count(text, closing) - std::ranges::count(text, opening);
}

// Brackets at the end belong to the URI when they were opened within it.
std::string_view trim_behind(std::string_view text) noexcept {
  std::optional<std::ptrdiff_t> round, square;  // counted once, and only when it matters
  while (!text.empty() && has(kBehind, text.back())) {
    if (text.back() == ')') {
      if (!round) round = unopened(text, '(', ')');
      if ((*round)-- <= 0) break;
    } else if (text.back() == ']') {
      if (!square) square = unopened(text, '[', ']');
      if ((*square)-- <= 0) break;
    }
    text.remove_suffix(1);
  }
  return text;
}

std::string_view ascii_only(std::string_view text) noexcept {
  const auto end =
      std::ranges::find_if(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  return {text.begin(), end};
}

}  // namespace

Finder::Finder(std::uint32_t uris_max) noexcept : uris_max_(uris_max) {
  has_known_suffix("example.org");  // what is made at its first call is made now
}

void Finder::begin() noexcept {
  count_ = 0;
  looked_at_ = 0;
}

void Finder::begin_part() noexcept { used_ = 0; }

void Finder::feed(ByteView utf8, FinderSink& sink) noexcept {
  if (limit_reached()) return;
  if (used_ > 0) {
    const std::size_t end = word_end(utf8, 0);
    keep(utf8.first(end));
    if (end == utf8.size()) return;
    end_part(sink);
    utf8 = utf8.subspan(end);
  }
  std::size_t at = 0;
  for (;;) {
    const std::size_t mark = at + find(kMarkWithin, utf8.subspan(at));
    const std::size_t begin = word_begin(utf8, at, mark);
    const std::size_t end = mark == utf8.size() ? mark : word_end(utf8, mark);
    if (end == utf8.size()) {
      keep(utf8.subspan(begin));
      return;
    }
    const bool has_mark = mark + 1 < std::min(end, begin + kUriBytes);
    if (has_mark) look_at(as_text(utf8.subspan(begin, end - begin)), sink);
    at = end + end_size(utf8.subspan(end));
  }
}

void Finder::keep(ByteView part) noexcept {
  const std::size_t size = std::min(part.size(), word_.size() - used_);
  std::memcpy(word_.data() + used_, part.data(), size);
  used_ = static_cast<std::uint16_t>(used_ + size);
}

void Finder::end_part(FinderSink& sink) noexcept {
  const std::string_view word{word_.data(), used_};
  if (find(kMarkWithin, as_bytes(word)) < word.size()) look_at(word, sink);
  used_ = 0;
}

// A word with a mark within; most others are no URI.
void Finder::look_at(std::string_view word, FinderSink& sink) noexcept {
  if (word.size() < 4) return;
  word = word.substr(0, kUriBytes);
  if (const std::size_t start = find_start(word); start != word.npos) {
    if (!may_look_at(word)) return;
    take_text(trim_behind(word.substr(start)), sink);
    return;
  }
  word.remove_prefix(size_within(kBefore, word));
  const std::string_view whole = word;
  word = trim_behind(word);
  if (word.find('.') == word.npos && word.find("[dot]") == word.npos &&
      word.find("(dot)") == word.npos)
    return;
  if (!may_look_at(whole)) return;
  if (word.find('@') != word.npos && word.find('/') == word.npos) {
    // A mail address: not a place, but its domain is one for lists.
    if (!canonicalize(word, other_) || !other_.known_suffix) return;
    mime::BoundedText<kUriBytes> address;
    address.assign("mailto:");
    address.append(word);
    take_text(address.view(), sink);
    return;
  }
  take_text(word, sink);
}

bool Finder::may_look_at(std::string_view word) noexcept {
  if (limit_reached()) return false;
  looked_at_ += word.size() + kWordCost;
  return true;
}

void Finder::take_text(std::string_view written, FinderSink& sink) noexcept {
  if (!canonicalize(written, canonical_)) return;
  Uri uri;
  uri.source = UriSource::text;
  uri.written = written;
  uri.signs = canonical_.signs;
  const bool doubtful = uri.has(UriSign::schemeless) && !canonical_.known_suffix;
  if (doubtful) {
    // Perhaps text in another script follows without a space.
    const std::string_view ascii = ascii_only(written);
    if (ascii.size() < 4 || ascii.size() == written.size()) return;
    take_text(trim_behind(ascii), sink);
    return;
  }
  if (uri.has(UriSign::broken_host) && uri.has(UriSign::schemeless)) return;
  tell(uri, canonical_, sink);
}

void Finder::take_link(std::string_view target, UriSource source, std::string_view shown,
                       bool hidden, FinderSink& sink) noexcept {
  if (!may_look_at(target) || !canonicalize(target, canonical_)) return;
  Uri uri;
  uri.source = source;
  uri.written = target;
  uri.shown = shown;
  uri.signs = canonical_.signs;
  if (uri.has(UriSign::schemeless) && !canonical_.known_suffix && !target.starts_with("//"))
    return;  // relative to the message, which has no place
  if (hidden) uri.add(UriSign::hidden_link);
  const std::string_view first = shown.substr(0, size_before(kBlank, shown));
  const bool names_place = !canonical_.host.empty() && first.find('.') != first.npos &&
                           first.find('@') == first.npos &&
                           canonicalize(trim_behind(first), other_) && other_.known_suffix;
  if (names_place && other_.host != canonical_.host &&
      registered_domain(other_.host) != registered_domain(canonical_.host))
    uri.add(UriSign::deceptive_text);
  tell(uri, canonical_, sink);
}

void Finder::tell(Uri& uri, const Canonical& canonical, FinderSink& sink) noexcept {
  if (count_ == uris_max_) return;
  ++count_;
  uri.canonical = canonical.text.view();
  uri.host = canonical.host;
  const std::string_view carried =
      canonical.host.empty() ? std::string_view{} : carried_uri(canonical.rest);
  if (!carried.empty()) uri.add(UriSign::carries_uri);
  sink.found(uri);
  if (!carried.empty()) tell_carried(carried, uri.source, sink);
}

void Finder::tell_carried(std::string_view carried, UriSource source, FinderSink& sink) noexcept {
  mime::BoundedText<kUriBytes> written;
  for (int depth = 0; depth < kCarriedMax && !carried.empty() && count_ < uris_max_; ++depth) {
    mime::BoundedText<kUriBytes> decoded;
    append_percent_decoded(carried.substr(0, carried.find_first_of("&\"' ")), decoded);
    written.assign(decoded.view());
    if (!canonicalize(written.view(), other_)) return;
    ++count_;
    Uri uri;
    uri.source = source;
    uri.written = written.view();
    uri.canonical = other_.text.view();
    uri.host = other_.host;
    uri.signs = other_.signs;
    uri.add(UriSign::carried);
    carried = carried_uri(other_.rest);
    if (!carried.empty()) uri.add(UriSign::carries_uri);
    sink.found(uri);
  }
}

}  // namespace sluice::scan::uri
