#include "scanners/spamassassin/header/received.h"

#include <algorithm>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/ip_address.h"
#include "scanners/spamassassin/header/received_parts.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view field) : text_(field) {}

  Received read() {
    Received received;
    received.kind = Received::Kind::skipped;
    const bool enclosed = starts_with(text_, "(from ");
    if (!enclosed && !starts_with(text_, "from ")) return received;
    if (contains(text_, " with local for ") ||
        (contains(text_, "Exim") && has_text<Case::same>(text_, " with local")))
      return received;
    if (contains(text_, "with POP3") || contains(text_, "with IMAP")) {
      received.kind = Received::Kind::fetched;
      return received;
    }
    const std::string_view rest = trim(text_.substr(enclosed ? 6 : 5));
    const std::size_t by = find_by(rest);
    relay_.by = nth_word(rest.substr(by), 1);
    while (relay_.by.ends_with(';')) relay_.by.pop_back();
    read_common(rest);
    origin_ = take_apart(trim(rest.substr(0, by)));
    alone_ = trim(rest.substr(0, by)) == origin_.first;
    read_origin(rest.substr(by));
    if (origin_.comments.empty() && !origin_.first.starts_with('[') && ends_at_by(rest.substr(by)))
      return received;
    if (relay_.ip.empty() && names_no_client(rest.substr(by))) return received;
    if (relay_.ip.empty()) relay_.ip = any_address(rest);
    if (relay_.ip.empty()) {
      received.kind = Received::Kind::unreadable;
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

  // "by host; date": nothing of how.
  static bool ends_at_by(std::string_view by) {
    const std::size_t end = by.find_first_of(" ;", 3);
    return end != by.npos && trim(by.substr(end)).starts_with(';');
  }

  // Hand-overs within a host, or between programs that name no address, are no news.
  bool names_no_client(std::string_view by) const {
    if (by.empty())
      return !contains(text_, " by ") && nth_word(text_, 2) == "id" &&
             !nth_word(text_, 3).empty() && nth_word(text_, 4).empty();
    const std::string_view next = nth_word(by, 2);
    const bool told_how = next == "with" || next == "via" || next == "for" || next.starts_with('(');
    if (text_.starts_with('(')) return contains(text_, "@localhost) by ");
    if (origin_.comments.empty())
      return (alone_ && told_how) || origin_.first.find('@') != std::string_view::npos ||
             contains(by, "HTTPREST") || contains(by, "Thrift id") ||
             starts_with(text_, "from mail pickup service by ");
    const std::string_view comment = origin_.comments.front();
    for (const char* local :
         {"localhost", "127.0.0.1", "unix socket", "AUTH:", "unverified", "[local]", "UNIX:"})
      if (contains(comment, local)) return true;
    return contains(by, "LSMTP for") || contains(by, "Content Technologies") ||
           contains(by, "MailEnable") || (comment == "unknown" && contains(by, "(SG) with"));
  }

  static std::string any_address(std::string_view text) {
    for (std::size_t open = text.find('['); open != text.npos; open = text.find('[', open + 1))
      if (std::string address = address_of(text.substr(open)); !address.empty()) return address;
    return {};
  }

  void read_common(std::string_view text) {
    relay_.id = word_behind(text, " id ", mime::octets_of(" <>;"));
    if (const std::string id = word_behind(text, " id <", mime::octets_of(" <>;")); !id.empty())
      relay_.id = id;
    if (relay_.id.size() < 3) relay_.id.clear();
    if (has_text<Case::same>(text, "envelope-") || contains(text, "return-path"))
      for (const char* key : {"envelope-from ", "envelope-sender ", "envelope-from=",
                              "envelope-sender=", "return-path: ", "Return-Path: ", "return-path "})
        if (relay_.envelope_from.empty())
          relay_.envelope_from = word_behind(text, key, mime::octets_of(" ;"));
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
      if (const std::string_view self = helo_of(comment);
          origin_.bracketed.empty() && self.starts_with('[') && !address_of(self).empty()) {
        // "(HELO [192.0.2.1]) ([198.51.100.1])" is taken for "(name [192.0.2.1])".
        relay_.ip = address_of(self);
        named = comment.substr(0, 4);
        break;
      }
      if (starts_with(comment, "HELO ") || starts_with(comment, "EHLO ") ||
          starts_with(comment, "LHLO ") || comment == "HELO" || comment == "EHLO") {
        relay_.helo = trim(comment.substr(std::min<std::size_t>(5, comment.size())));
        helo_told = true;
      } else if (relay_.ip.empty()) {
        read_comment(comment, named, helo_told);
        if (const std::size_t self = find_text<Case::same>(comment, "\"EHLO ");
            self != comment.npos)
          quoted_helo_ = comment.substr(self + 6, comment.find('"', self + 1) - self - 6);
      }
    }
    if (relay_.ip.empty()) relay_.ip = address_of(origin_.bracketed);
    const bool bare = !address_of(origin_.first).empty() && origin_.first.starts_with('[');
    const std::string_view next = nth_word(by, 2);
    const bool told_how =
        contains(by, " with ") && (next == "with" || next == "(SMTPL" || next == "(InterScan");
    const bool web =
        !origin_.comments.empty() && contains(origin_.comments.front(), "authenticated user");
    if (relay_.ip.empty() && (bare || helo_told || web || (origin_.comments.empty() && told_how)))
      relay_.ip = address_of(origin_.first);
    name_sides(named, helo_told, by);
  }

  static std::string_view helo_of(std::string_view comment) {
    return starts_with(comment, "HELO ") || starts_with(comment, "EHLO ") ? comment.substr(5)
                                                                          : std::string_view();
  }

  // "by host (qmail 1) with SMTP", and no id behind.
  static bool is_qmail(std::string_view by) {
    const std::size_t with = find_text<Case::same>(by, " with ");
    if (with == by.npos) return false;
    for (std::string_view rest = by.substr(with + 6);;) {
      const std::string_view word = next_word(rest);
      if (word.empty()) return false;
      if (word.starts_with("SMTP") || word.starts_with("QMQP"))
        return !(word.size() == 4 && rest.starts_with(" id "));
    }
  }

  // "(name [192.0.2.1] (may be forged))"
  bool is_forged() const { return has_text<Case::same>(origin_.comments.front(), "] ("); }

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
      if (word[0] != '[' && open == std::string_view::npos &&
          comment.find('[') != std::string_view::npos && !address_of(word).empty()) {
        named = word;  // an address for a name: the one in brackets counts
        continue;
      }
      const bool port = !address.starts_with('[') && address.find('.') != address.npos &&
                        address.find(':') != address.npos && !contains(text_, "[XMail ");
      if (relay_.ip.empty() && !port) relay_.ip = address_of(address);
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
      const bool marked = starts_with(named, "IDENT:") && at + 1 < named.size();
      relay_.ident = named.substr(marked ? 6 : 0, at - (marked ? 6 : 0));
      named.remove_prefix(at + 1);
      if (named.empty() && !helo_told) {  // "host (user@[192.0.2.1])"
        relay_.helo = origin_.first;
        relay_.rdns_looked_up = true;
        if (!nth_word(by, 2).starts_with('(')) relay_.rdns = origin_.first;
        return;
      }
    }
    if (!quoted_helo_.empty()) {
      relay_.helo = quoted_helo_;
      return;
    }
    const bool address_first = origin_.first.starts_with('[')
                                   ? !address_of(origin_.first).empty()
                                   : address_of(origin_.first) == relay_.ip && helo_told;
    if (!named.empty()) {  // first is what the host said of itself, DNS says `named`
      if (!helo_told) relay_.helo = origin_.first;
      if (is_forged() && !nth_word(by, 2).starts_with('(')) return;
      relay_.rdns = named;
      relay_.rdns_looked_up = named != "softdnserr";
      return;
    }
    if (helo_told) {  // qmail, Exim: first is what DNS says
      if (!address_first) relay_.rdns = origin_.first;
      relay_.rdns_looked_up = !address_first && origin_.first != "unknown";
      return;
    }
    name_first(address_first, by);
  }

  // Nothing but the first name, and an address.
  void name_first(bool address_first, std::string_view by) {
    const std::string_view comment =
        origin_.comments.empty() ? std::string_view() : origin_.comments.front();
    const bool in_parentheses = !comment.empty() && !address_of(comment).empty();
    if (address_first && in_parentheses && origin_.first.starts_with('[')) {
      relay_.helo = origin_.first;
      relay_.rdns_looked_up = true;
      return;
    }
    const bool web = !address_of(origin_.first).empty() && contains(comment, "authenticated user");
    if (address_first || origin_.first.empty() || web || comment.starts_with(' ')) return;
    if (origin_.glued) {
      relay_.rdns = origin_.first;
      relay_.rdns_looked_up = true;
      return;
    }
    const bool service = contains(by, "SMTPSVC");
    const bool microsoft =
        names_version(by, "with Microsoft SMTP Server ") || names_version(by, "with mapi id ");
    if (microsoft && in_parentheses) relay_.id.clear();
    relay_.helo = origin_.first;
    const bool by_dns =
        contains(by, "(Exim ") || (in_parentheses && (!comment.starts_with('[') || is_qmail(by)));
    if (!microsoft && !service && by_dns) relay_.rdns = origin_.first;
    relay_.rdns_looked_up = !microsoft && !service;
    if (origin_.comments.empty() && relay_.helo == relay_.ip) relay_.helo.clear();
  }

  // "with Microsoft SMTP Server (TLS) 8.1.2.3": those before 2016 tell the name of the client.
  static bool names_version(std::string_view text, std::string_view program) {
    const std::size_t at = find_text<Case::same>(text, program);
    if (at == text.npos) return false;
    text.remove_prefix(at + program.size());
    if (text.starts_with('(')) text.remove_prefix(std::min(text.find(')') + 2, text.size()));
    const std::string_view version = text.substr(0, text.find_first_of(" ;"));
    return std::ranges::count(version, '.') == 3 &&
           version.find_first_not_of("0123456789.") == version.npos;
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
  std::string_view quoted_helo_;
  bool alone_ = false;  // nothing stands between the client's name and "by"
  Relay relay_;
};

}  // namespace

bool Relay::is_private() const noexcept {
  const auto address = IpAddress::parse(ip);
  if (!address) return false;
  static const std::vector<Prefix> kPrefixes = [] {
    std::vector<Prefix> prefixes;
    for (const char* text : {"10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
                             "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fe80::/10", "fc00::/7"})
      if (const auto prefix = Prefix::parse(text)) prefixes.push_back(*prefix);
    return prefixes;
  }();
  return std::ranges::any_of(kPrefixes,
                             [&](const Prefix& prefix) { return prefix.contains(*address); });
}

void Relay::append_text(std::string& out) const {
  out.append("[ ip=").append(ip).append(" rdns=").append(rdns).append(" helo=").append(helo);
  out.append(" by=").append(by).append(" ident=").append(ident);
  out.append(" envfrom=").append(envelope_from).append(internal ? " intl=1" : " intl=0");
  out.append(" id=").append(id).append(" auth=").append(auth).append(" msa=0 ]");
}

Received read_received(std::string_view field) {
  std::string text(field.size(), ' ');
  std::size_t size = 0;
  for (const char c : field) {
    const bool blank = is_blank(c);
    if (blank && (size == 0 || text[size - 1] == ' ')) continue;
    text[size++] = blank ? ' ' : c;
  }
  text.resize(size);
  while (text.ends_with(' ') || text.ends_with(';')) text.pop_back();
  return Reader(text).read();
}

Received read_client(std::string_view field) {
  Received received;
  constexpr std::string_view kOfAddress = "0123456789abcdefABCDEF.:";
  while (!field.empty()) {
    const std::size_t begin = std::min(field.find_first_of(kOfAddress), field.size());
    field.remove_prefix(begin);
    const std::string_view word = field.substr(0, field.find_first_not_of(kOfAddress));
    const bool address = word.size() > 2 && word.find_first_of(".:") != word.npos;
    if (address) received.relay.ip = address_of(word);
    if (!received.relay.ip.empty()) {
      received.kind = Received::Kind::relay;
      return received;
    }
    field.remove_prefix(word.size());
  }
  return received;
}

}  // namespace sluice::scan::sa
