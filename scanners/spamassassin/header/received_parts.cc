#include "scanners/spamassassin/header/received_parts.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/bytes.h"
#include "engine/base/ip_address.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

// "cm22sm499762ibb.11.2010.05…": what Gmail gave to mail from its own users until 2010.
bool is_submission_id(std::string_view id) {
  const auto skip = [&](std::string_view allowed, std::size_t least, std::size_t most) {
    const std::size_t size = std::min(id.find_first_not_of(allowed), id.size());
    if (size < least || size > most) return false;
    id.remove_prefix(size);
    return true;
  };
  constexpr std::string_view kDigits = "0123456789", kLetters = "abcdefghijklmnopqrstuvwxyz";
  const std::size_t mark = id.find("sm");
  if (mark == id.npos || mark == 0 || mark > 4) return false;
  id.remove_prefix(mark + 2);
  return skip(kDigits, 2, 9) && skip(kLetters, 3, 3) && skip(".", 1, 1) && skip(kDigits, 1, 3) &&
         skip(".", 1, 1) && skip(kDigits, 4, 4);
}

}  // namespace

bool contains(std::string_view text, std::string_view part) {
  return has_text<Case::any>(text, part);
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

std::string address_of(std::string_view text) {
  if (text.starts_with('[')) text = text.substr(1, text.find(']') - 1);
  if (starts_with(text, "ipv6:")) text.remove_prefix(5);
  static constexpr mime::OctetSet kFirst = mime::octets_of("0123456789abcdefABCDEF:");
  if (text.empty() || !kFirst.has(static_cast<std::uint8_t>(text.front()))) return {};
  text = text.substr(0, text.find('%'));
  if (starts_with(text, "::ffff:") && text.find('.') != std::string_view::npos)
    text.remove_prefix(7);
  // "1.2.3.4:25" and "1.2.3.4.25": the port goes.
  const std::size_t port = text.find_last_of(".:");
  const bool has_port = port != text.npos && port + 1 < text.size() &&
                        text.find_first_not_of("0123456789", port + 1) == text.npos &&
                        std::ranges::count(text.substr(0, port), '.') == 3;
  if (has_port) text = text.substr(0, port);
  return IpAddress::parse(text) ? std::string(text) : std::string();
}

std::string word_behind(std::string_view text, std::string_view key, const mime::OctetSet& stop) {
  const std::size_t at = find_text<Case::same>(text, key);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + key.size());
  return std::string(text.substr(0, mime::size_before(stop, text)));
}

std::string clean(std::string text) {
  static constexpr mime::OctetSet kInTheWay = mime::octets_of(" \t\r\n#[]()<>|");
  std::ranges::replace_if(
      text, [](char c) { return c == 0 || kInTheWay.has(static_cast<std::uint8_t>(c)); }, '!');
  return text;
}

std::string_view nth_word(std::string_view text, std::size_t n) {
  std::string_view word = next_word(text);
  for (; n > 0 && !word.empty(); --n) word = next_word(text);
  return word;
}

Origin take_apart(std::string_view text) {
  Origin origin;
  if (!text.starts_with('(')) {
    std::string_view rest = text;
    origin.first = next_word(rest);
    // "host(1.2.3.4)": no space between.
    if (const std::size_t open = origin.first.find('('); open != std::string_view::npos) {
      origin.first = origin.first.substr(0, open);
      rest = text.substr(open);
      origin.glued = true;
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
  constexpr std::string_view kWith = " with ";
  const auto next_with = [&](std::size_t from) {
    const std::size_t at = find_text<Case::same>(text.substr(from), kWith);
    return at == text.npos ? at : from + at;
  };
  for (std::size_t at = next_with(0); at != text.npos; at = next_with(at + 1)) {
    const std::string with = word_behind(text.substr(at), kWith, mime::octets_of(" ;"));
    for (const char* word : {"ESMTPA", "ESMTPSA", "LMTPA", "LMTPSA", "UTF8SMTPA", "UTF8SMTPSA",
                             "UTF8LMTPA", "UTF8LMTPSA", "ASMTP", "HTTP", "HTTPS", "HTTPU"})
      if (equals_ignoring_case(with, word)) return with;
  }
  if (has_text<Case::same>(text, " by mx.google.com with ESMTPS id ") &&
      is_submission_id(word_behind(text, "ESMTPS id ", mime::octets_of(" ;")))) {
    const std::string version = word_behind(text, "(version=", mime::octets_of(" )"));
    const std::string cipher = word_behind(text, " cipher=", mime::octets_of(")"));
    if (!version.empty() && !cipher.empty())
      return fmt::format("GMail - transport={} cipher={}", version, cipher);
  }
  if (const std::string method = word_behind(text, " (AUTH: ", mime::octets_of(" )"));
      !method.empty())
    return method;
  if (contains(text, "authenticated")) {
    if (contains(text, "(Authenticated sender: ")) return "Postfix";
    if (contains(text, "])")) return "Sendmail";
  }
  if (contains(text, "CommuniGate Pro") && contains(text, "(account ")) return "Communigate";
  return {};
}

}  // namespace sluice::scan::sa
