#include "scanners/spamassassin/received.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "engine/base/bytes.h"
#include "engine/base/ip_address.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return std::ranges::search(text, part, [](char a, char b) {
           return ascii_lower(a) == ascii_lower(b);
         }).begin() != text.end();
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

// "[IPv6:2001:db8::1%eth0]:25" to "2001:db8::1"; empty when it is no address.
std::string address_of(std::string_view text) {
  if (text.starts_with('[')) text = text.substr(1, text.find(']') - 1);
  if (starts_with(text, "ipv6:")) text.remove_prefix(5);
  text = text.substr(0, text.find('%'));
  if (starts_with(text, "::ffff:") && text.find('.') != std::string_view::npos)
    text.remove_prefix(7);
  // "1.2.3.4:25" and "1.2.3.4.25": the port goes.
  std::size_t dots = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dot = text[i] == '.';
    if (dot && ++dots < 4) continue;
    if (dot || (dots == 3 && text[i] == ':')) {
      text = text.substr(0, i);
      break;
    }
  }
  return IpAddress::parse(text) ? std::string(text) : std::string();
}

// The word behind `key`, up to white space or what cannot be part of it.
std::string word_behind(std::string_view text, std::string_view key, std::string_view stop) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + key.size());
  return std::string(text.substr(0, text.find_first_of(stop)));
}

// What stands in the way of patterns like "[^ ]* helo=…" becomes "!".
std::string clean(std::string text) {
  std::ranges::replace_if(
      text,
      [](char c) {
        return std::string_view(" \t\r\n\0#[]()<>|", 13).find(c) != std::string_view::npos;
      },
      '!');
  return text;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text))
    words.push_back(word);
  return words;
}

// "from" up to "by", taken apart: the first word, and the texts in parentheses behind it.
struct Origin {
  std::string_view first;
  std::vector<std::string_view> comments;
  std::string_view bracketed;  // "[…]" outside parentheses
};

Origin take_apart(std::string_view text) {
  Origin origin;
  if (!text.starts_with('(')) {
    std::string_view rest = text;
    origin.first = next_word(rest);
    // "host(1.2.3.4)": no space between.
    if (const std::size_t open = origin.first.find('('); open != std::string_view::npos) {
      origin.first = origin.first.substr(0, open);
      rest = text.substr(open);
    }
    text = rest;
  }
  while (!text.empty()) {
    if (text[0] == '(') {
      int depth = 0;
      std::size_t end = 0;
      for (; end < text.size(); ++end) {
        if (text[end] == '(') ++depth;
        if (text[end] == ')' && --depth == 0) break;
      }
      origin.comments.push_back(text.substr(1, end - 1));
      text.remove_prefix(std::min(end + 1, text.size()));
    } else if (text[0] == '[') {
      const std::size_t end = std::min(text.find(' '), text.size());
      if (origin.bracketed.empty()) origin.bracketed = text.substr(0, end);
      text.remove_prefix(end);
    } else {
      text.remove_prefix(1);
    }
  }
  return origin;
}

std::string authentication(std::string_view text) {
  const std::string with = word_behind(text, " with ", " ;");
  for (const char* word : {"ESMTPA", "ESMTPSA", "LMTPA", "LMTPSA", "UTF8SMTPA", "UTF8SMTPSA",
                           "UTF8LMTPA", "UTF8LMTPSA", "ASMTP", "HTTP", "HTTPS", "HTTPU"})
    if (equals_ignoring_case(with, word)) return with;
  if (contains(text, "(Authenticated sender: ")) return "Postfix";
  if (contains(text, "authenticated") && contains(text, "])")) return "Sendmail";
  if (contains(text, "CommuniGate Pro") && contains(text, "(account ")) return "Communigate";
  return {};
}

class Reader {
 public:
  explicit Reader(std::string_view field) : text_(field) {}

  Received read() {
    Received received;
    received.kind = Received::Kind::skipped;
    const bool enclosed = starts_with(text_, "(from ");
    if (!enclosed && !starts_with(text_, "from ")) return received;
    if (contains(text_, " with local") || contains(text_, "with POP3") ||
        contains(text_, "with IMAP") || contains(text_, "with BSMTP"))
      return received;
    const std::string_view rest = trim(text_.substr(enclosed ? 6 : 5));
    const std::size_t by = find_by(rest);
    relay_.by = std::string(words_of(rest.substr(by)).size() > 1 ? words_of(rest.substr(by))[1]
                                                                 : std::string_view{});
    while (relay_.by.ends_with(';')) relay_.by.pop_back();
    read_common(rest);
    origin_ = take_apart(trim(rest.substr(0, by)));
    read_origin(rest.substr(by));
    if (relay_.ip.empty()) {
      // Hand-overs that name no address are no news, unless nothing at all could be made of it.
      received.kind = by < rest.size() ? Received::Kind::skipped : Received::Kind::unreadable;
      return received;
    }
    if (relay_.by.empty()) {
      received.kind = Received::Kind::unreadable;
      return received;
    }
    tidy();
    received.kind = Received::Kind::relay;
    received.relay = std::move(relay_);
    return received;
  }

 private:
  // Where " by " begins, outside parentheses.
  static std::size_t find_by(std::string_view text) {
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '(') ++depth;
      if (text[i] == ')' && depth > 0) --depth;
      if (depth == 0 && (text[i] == ' ' || text[i] == ')') &&
          starts_with(text.substr(i + 1), "by "))
        return i + 1;
    }
    return text.size();
  }

  void read_common(std::string_view text) {
    relay_.id = word_behind(text, " id ", " <>;");
    if (const std::string id = word_behind(text, " id <", " <>;"); !id.empty()) relay_.id = id;
    if (relay_.id.size() < 3) relay_.id.clear();
    for (const char* key : {"envelope-from ", "envelope-sender ",
                            "envelope-from=", "envelope-sender=", "return-path: ", "Return-Path: "})
      if (relay_.envelope_from.empty()) relay_.envelope_from = word_behind(text, key, " ;");
    while (!relay_.envelope_from.empty() &&
           std::string_view("),>").find(relay_.envelope_from.back()) != std::string_view::npos)
      relay_.envelope_from.pop_back();
    while (relay_.envelope_from.starts_with('<')) relay_.envelope_from.erase(0, 1);
    relay_.auth = authentication(text);
  }

  void read_origin(std::string_view by) {
    bool helo_told = false;
    std::string_view named;  // a name beside the address
    for (const std::string_view comment : origin_.comments) {
      if (starts_with(comment, "HELO ") || starts_with(comment, "EHLO ") ||
          starts_with(comment, "LHLO ") || comment == "HELO" || comment == "EHLO") {
        relay_.helo = trim(comment.substr(std::min<std::size_t>(5, comment.size())));
        helo_told = true;
      } else if (relay_.ip.empty()) {
        read_comment(comment, named, helo_told);
      }
    }
    if (relay_.ip.empty()) relay_.ip = address_of(origin_.bracketed);
    const bool bare = !address_of(origin_.first).empty() && origin_.first.starts_with('[');
    if (relay_.ip.empty() && (bare || origin_.comments.empty()))
      relay_.ip = address_of(origin_.first);
    name_sides(named, helo_told, by);
  }

  // "name [1.2.3.4]", "[1.2.3.4] helo=name ident=x", "user@1.2.3.4", "1.2.3.4:25 helo=name".
  void read_comment(std::string_view comment, std::string_view& named, bool& helo_told) {
    std::string_view words = comment;
    for (std::string_view word = next_word(words); !word.empty(); word = next_word(words)) {
      if (starts_with(word, "helo=")) {
        relay_.helo = word.substr(5);
        helo_told = true;
        continue;
      }
      if (starts_with(word, "ident=")) {
        relay_.ident = word.substr(6);
        continue;
      }
      // "name[1.2.3.4]" and "user@[1.2.3.4]"
      const std::size_t open = word.find('[');
      const std::size_t at = word.rfind('@', open);
      std::string_view address = open != std::string_view::npos ? word.substr(open) : word;
      if (open == std::string_view::npos && at != std::string_view::npos)
        address = word.substr(at + 1);
      if (relay_.ip.empty()) relay_.ip = address_of(address);
      if (!relay_.ip.empty() && address.data() != word.data() && named.empty())
        named = word.substr(0, static_cast<std::size_t>(address.data() - word.data()));
      else if (relay_.ip.empty() && named.empty())
        named = word;
    }
    if (relay_.ip.empty()) named = {};
  }

  // Which of the names is the host's by DNS, and which the one it gave itself.
  void name_sides(std::string_view named, bool helo_told, std::string_view by) {
    if (const std::size_t at = named.rfind('@'); at != std::string_view::npos) {
      relay_.ident = starts_with(named, "IDENT:") ? named.substr(6, at - 6) : named.substr(0, at);
      named.remove_prefix(at + 1);
    }
    const bool address_first = !address_of(origin_.first).empty() && origin_.first.starts_with('[');
    if (!named.empty()) {  // first is what the host said of itself, DNS says `named`
      relay_.rdns = named;
      relay_.rdns_looked_up = named != "softdnserr";
      if (!helo_told) relay_.helo = origin_.first;
      return;
    }
    if (helo_told) {  // qmail, Exim: first is what DNS says
      if (!address_first) relay_.rdns = origin_.first;
      relay_.rdns_looked_up = origin_.first != "unknown";
      return;
    }
    if (address_first || origin_.first.empty()) return;
    const bool exim = contains(by, "(Exim ");
    const bool parenthesised_address = !origin_.comments.empty() &&
                                       !address_of(origin_.comments.front()).empty() &&
                                       !origin_.comments.front().starts_with('[');
    const bool microsoft = contains(by, "with Microsoft SMTP") || contains(by, "with mapi id");
    relay_.helo = origin_.first;
    if (!microsoft && (exim || parenthesised_address)) relay_.rdns = origin_.first;
    relay_.rdns_looked_up = !microsoft;
    if (origin_.comments.empty() && relay_.helo == relay_.ip) relay_.helo.clear();
  }

  void tidy() {
    while (relay_.rdns.ends_with('.')) relay_.rdns.pop_back();
    if (equals_ignoring_case(relay_.rdns, "unknown") || relay_.rdns.starts_with('[') ||
        relay_.rdns == "softdnserr" || relay_.rdns.starts_with('<'))
      relay_.rdns.clear();
    for (std::string* part :
         {&relay_.rdns, &relay_.helo, &relay_.by, &relay_.ident, &relay_.envelope_from})
      *part = clean(std::move(*part));
  }

  std::string_view text_;
  Origin origin_;
  Relay relay_;
};

}  // namespace

bool Relay::is_private() const noexcept {
  const auto address = IpAddress::parse(ip);
  if (!address) return false;
  static constexpr std::string_view kPrefixes[] = {
      "0.0.0.0/8",     "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",     "169.254.0.0/16",
      "172.16.0.0/12", "192.168.0.0/16", "192.0.2.0/24",  "198.51.100.0/24", "203.0.113.0/24",
      "::1/128",       "fe80::/10",      "fc00::/7"};
  return std::ranges::any_of(kPrefixes, [&](std::string_view text) {
    const auto prefix = Prefix::parse(text);
    return prefix && prefix->contains(*address);
  });
}

std::string Relay::text() const {
  return fmt::format(
      "[ ip={} rdns={} helo={} by={} ident={} envfrom={} intl={} id={} auth={} msa=0 ]", ip, rdns,
      helo, by, ident, envelope_from, internal ? 1 : 0, id, auth);
}

Received read_received(std::string_view field) {
  std::string text;
  for (const char c : field) {
    const bool blank = kBlanks.find(c) != std::string_view::npos;
    if (!blank)
      text += c;
    else if (!text.empty() && text.back() != ' ')
      text += ' ';
  }
  while (text.ends_with(' ') || text.ends_with(';')) text.pop_back();
  return Reader(text).read();
}

}  // namespace sluice::scan::sa
