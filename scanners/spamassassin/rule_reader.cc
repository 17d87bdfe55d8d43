#include "scanners/spamassassin/rule_reader.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

using Done = std::expected<void, std::string>;

bool is_word(char c) {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

std::uint32_t number_of(std::string_view digits, std::uint32_t otherwise) {
  std::uint32_t value = otherwise;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// "From:raw:addr" into its parts.
Done read_target(std::string_view text, HeaderTarget& target) {
  target = {};
  const std::size_t colon = text.find(':');
  target.field = text.substr(0, colon);
  const auto is_field = [](char c) { return is_word(c) || c == '-' || c == '.'; };
  if (target.field.empty() || !std::ranges::all_of(target.field, is_field))
    return std::unexpected(fmt::format("{:?} is no name of a header field", target.field));
  while (!text.empty() && text.find(':') != std::string_view::npos) {
    text.remove_prefix(text.find(':') + 1);
    const std::string_view word = text.substr(0, text.find(':'));
    if (word == "raw")
      target.raw = true;
    else if (word == "addr")
      target.address = true;
    else if (word == "name")
      target.name = true;
    else if (word == "host")
      target.host = true;
    else if (word == "domain")
      target.domain = true;
    else if (word == "ip")
      target.ip = true;
    else if (word == "revip")
      target.ip = target.reversed_ip = true;
    else if (word == "first")
      target.first = true;
    else if (word == "last")
      target.last = true;
    else if (!word.empty())
      return std::unexpected(fmt::format(
          ":{} is unknown; known: :raw, :addr, :name, :host, :domain, :ip, :revip, :first, :last",
          word));
  }
  return {};
}

Done read_regex(std::string_view text, Rule& rule) {
  auto regex = parse_perl_regex(text);
  if (!regex) return std::unexpected(regex.error());
  rule.regex = std::move(*regex);
  return {};
}

// "From =~ /…/i [if-unset: x]", "exists:From".
Done read_header(std::string_view text, Rule& rule) {
  if (text.starts_with("exists:")) {
    rule.exists = true;
    return read_target(trim(text.substr(7)), rule.target);
  }
  const std::size_t at = text.find_first_of("=!");
  if (at == std::string_view::npos || text.substr(at + 1, 1) != "~")
    return std::unexpected(
        "a header rule is written: Field =~ /expression/, Field !~ /…/, "
        "exists:Field or eval:function()");
  rule.negated = text[at] == '!';
  if (auto done = read_target(trim(text.substr(0, at)), rule.target); !done) return done;
  std::string_view pattern = trim(text.substr(at + 2));
  constexpr std::string_view kUnset = "[if-unset:";
  if (const std::size_t unset = pattern.rfind(kUnset);
      unset != std::string_view::npos && pattern.ends_with(']')) {
    rule.has_unset = true;
    rule.if_unset =
        trim(pattern.substr(unset + kUnset.size(), pattern.size() - unset - kUnset.size() - 1));
    pattern = trim(pattern.substr(0, unset));
  }
  return read_regex(pattern, rule);
}

void read_range(std::string_view text, RuleFlags& flags) {
  const std::size_t dash = text.find('-');
  flags.part_first = number_of(text.substr(0, dash), 0);
  flags.part_last =
      dash == std::string_view::npos ? flags.part_first : number_of(text.substr(dash + 1), 1'000);
}

}  // namespace

const char* name_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::header: return "header";
    case Kind::body: return "body";
    case Kind::rawbody: return "rawbody";
    case Kind::full: return "full";
    case Kind::uri: return "uri";
    case Kind::mimeheader: return "mimeheader";
    case Kind::meta: return "meta";
    case Kind::eval: return "eval";
  }
  return "";
}

bool is_rule_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kRuleNameBytesMax && (name[0] < '0' || name[0] > '9') &&
         std::ranges::all_of(name, is_word);
}

std::expected<EvalCall, std::string> read_eval_call(std::string_view text, Kind place) {
  EvalCall call;
  call.place = place;
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos || !text.ends_with(')'))
    return std::unexpected("a call is written: eval:function('argument', …)");
  call.function = trim(text.substr(0, open));
  if (!is_rule_name(call.function))
    return std::unexpected(fmt::format("{:?} is no name of a function", call.function));
  std::string_view rest = trim(text.substr(open + 1, text.size() - open - 2));
  while (!rest.empty()) {
    std::string_view value;
    if (rest[0] == '\'' || rest[0] == '"') {
      const std::size_t end = rest.find(rest[0], 1);
      if (end == std::string_view::npos) return std::unexpected("a quote is not closed");
      value = rest.substr(1, end - 1);
      rest = trim(rest.substr(end + 1));
    } else {
      value = trim(rest.substr(0, rest.find(',')));
      rest.remove_prefix(std::min(rest.find(','), rest.size()));
    }
    call.arguments.emplace_back(value);
    if (rest.empty()) break;
    if (rest[0] != ',') return std::unexpected("arguments are separated by commas");
    rest = trim(rest.substr(1));
  }
  return call;
}

Done read_rule(Kind kind, std::string_view text, Rule& rule) {
  rule.kind = kind;
  if (text.starts_with("eval:")) {
    auto call = read_eval_call(text.substr(5), kind);
    if (!call) return std::unexpected(call.error());
    rule.kind = Kind::eval;
    rule.call = std::move(*call);
    return {};
  }
  switch (kind) {
    case Kind::header:
    case Kind::mimeheader: return read_header(text, rule);
    case Kind::meta: rule.meta = text; return {};
    default: return read_regex(text, rule);
  }
}

void read_flags(std::string_view words, RuleFlags& flags) {
  for (std::string_view word = next_word(words); !word.empty(); word = next_word(words)) {
    if (word == "multiple")
      flags.multiple = true;
    else if (word.starts_with("maxhits="))
      flags.hits_max = number_of(word.substr(8), 0);
    else if (word == "net")
      flags.net = true;
    else if (word == "nice")
      flags.nice = true;
    else if (word == "learn")
      flags.learn = true;
    else if (word == "userconf")
      flags.userconf = true;
    else if (word == "noautolearn")
      flags.no_autolearn = true;
    else if (word == "nosubject")
      flags.no_subject = true;
    else if (word == "concat")
      flags.concat = true;
    else if (word.starts_with("range="))
      read_range(word.substr(6), flags);
  }
}

}  // namespace sluice::scan::sa
