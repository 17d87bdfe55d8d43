#include "tools/sluice/rule_places.h"

#include <algorithm>

#include <fmt/format.h>

namespace sluice::tools {
namespace {

using scan::pcre::Expression;
using scan::sa::Kind;
using scan::sa::Rule;

constexpr std::size_t kAroundOctets = 24;
constexpr std::size_t kMatchOctets = 60;

std::string printable(std::string_view octets) {
  std::string text(octets);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

}  // namespace

std::optional<Expression> expression_of(const Rule& rule) {
  if (rule.regex.pattern.empty()) return {};
  auto made = Expression::compile(rule.regex.pattern,
                                  {rule.regex.caseless, rule.regex.dotall, rule.regex.multiline});
  if (!made) return {};
  made->compile_jit();
  return std::move(*made);
}

std::optional<Place> place_of(const Rule& rule, MessageTexts& texts, scan::pcre::Tools& tools) {
  if (rule.negated) return {};
  const auto expression = expression_of(rule);
  if (!expression) return {};
  for (const std::string_view text : texts.seen_by(rule)) {
    Expression::Match match;
    if (!expression->find(as_bytes(text), 0, tools, match)) continue;
    const std::size_t from = match.begin - std::min(match.begin, kAroundOctets);
    return Place{
        printable(text.substr(from, match.begin - from)),
        printable(text.substr(match.begin, std::min(match.end - match.begin, kMatchOctets))),
        printable(text.substr(match.end, kAroundOctets))};
  }
  return {};
}

std::string where_of(const Rule& rule, const std::optional<Place>& place) {
  if (place) return place->text();
  if (rule.kind == Kind::meta) return "= " + printable(rule.meta).substr(0, kMatchOctets);
  if (rule.kind == Kind::eval)
    return fmt::format("{}({})", rule.call.function, fmt::join(rule.call.arguments, ", "));
  return rule.negated ? "matched nowhere" : "";
}

}  // namespace sluice::tools
