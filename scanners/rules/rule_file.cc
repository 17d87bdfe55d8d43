#include "scanners/rules/rule_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "engine/base/bytes.h"
#include "engine/config/suggest.h"
#include "engine/config/tree.h"

namespace sluice::scan {
namespace {

using config::Node;

constexpr std::array<std::string_view, 6> kKeys{"name",  "place", "expression",
                                                "flags", "score", "description"};
constexpr std::array<std::string_view, 3> kFlags{"caseless", "dotall", "multiline"};
constexpr std::array<std::string_view, 4> kPlaces{"header", "part", "body", "raw"};

std::string suggestion(std::string_view given, std::span<const std::string_view> known) {
  const std::string_view near = config::nearest(given, known);
  return near.empty() ? fmt::format("known: {}", fmt::join(known, ", "))
                      : fmt::format("did you mean {:?}?", near);
}

bool is_rule_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kRuleNameBytes && std::ranges::all_of(name, [](char c) {
    const char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  });
}

bool is_field_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 64 &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
}

// Reads one [[rule]].
class RuleReader {
 public:
  RuleReader(const Node& node, std::size_t number, const std::string& file,
             config::Problems& problems)
      : node_(node), file_(file), where_(fmt::format("rule {}", number)), problems_(problems) {}

  bool read(Rule& rule) {
    const std::size_t before = problems_.size();
    rule.file = file_;
    rule.line = node_.place.line;
    if (const Node* name = need("name", Node::Type::text)) read_name(*name, rule);
    if (const Node* place = need("place", Node::Type::text)) read_place(*place, rule);
    if (const Node* text = need("expression", Node::Type::text)) read_expression(*text, rule);
    if (const Node* score = member("score", true)) read_score(*score, rule);
    if (const Node* flags = member("flags", false)) read_flags(*flags, rule);
    if (const Node* text = member("description", false))
      if (typed(*text, Node::Type::text, "description")) rule.description = text->text;
    for (const config::Member& other : node_.members)
      if (std::ranges::find(kKeys, other.name) == kKeys.end())
        fault(other.place,
              fmt::format("{:?} is not known; {}", other.name, suggestion(other.name, kKeys)));
    return problems_.size() == before;
  }

 private:
  void fault(const config::Place& place, std::string what) {
    problems_.push_back({file_, place.line, place.column, where_, std::move(what)});
  }

  const Node* member(std::string_view key, bool required) {
    const Node* found = node_.find(key);
    if (found == nullptr && required) fault(node_.place, fmt::format("{} is missing", key));
    return found;
  }

  bool typed(const Node& node, Node::Type type, std::string_view key) {
    if (node.type == type) return true;
    fault(node.place, fmt::format("{} is {}; a {} is wanted", key, node.shown(),
                                  type == Node::Type::text ? "text" : "list"));
    return false;
  }

  const Node* need(std::string_view key, Node::Type type) {
    const Node* found = member(key, true);
    return found != nullptr && typed(*found, type, key) ? found : nullptr;
  }

  void read_name(const Node& name, Rule& rule) {
    rule.name = name.text;
    if (is_rule_name(name.text))
      where_ = fmt::format("rule {:?}", name.text);
    else
      fault(name.place, fmt::format("name {} is not 1 to {} of A-Z a-z 0-9 _ . -", name.shown(),
                                    kRuleNameBytes));
  }

  void read_place(const Node& place, Rule& rule) {
    if (const auto it = std::ranges::find(kPlaces, place.text); it != kPlaces.end()) {
      rule.place.kind = static_cast<PlaceKind>(it - kPlaces.begin());
      return;
    }
    rule.place.kind = PlaceKind::field;
    for (const char c : place.text) rule.place.field += ascii_lower(c);
    if (!is_field_name(place.text))
      fault(place.place, fmt::format("place {} is neither {} nor the name of a header field",
                                     place.shown(), fmt::join(kPlaces, ", ")));
  }

  void read_expression(const Node& text, Rule& rule) {
    rule.expression.text = text.text;
    rule.expression_line = text.place.line;
    rule.expression_column = text.place.column;
    if (text.text.find('\0') != text.text.npos)
      fault(text.place, "expression holds a NUL; write \\x00");
  }

  void read_score(const Node& score, Rule& rule) {
    const bool whole = score.type == Node::Type::integer;
    rule.score = whole ? static_cast<double>(score.integer) : score.real;
    const bool number = whole || score.type == Node::Type::real;
    if (!number || !(std::abs(rule.score) <= kRuleScoreMax))
      fault(score.place, fmt::format("score {} is not a number of {} to {}", score.shown(),
                                     -kRuleScoreMax, kRuleScoreMax));
  }

  void read_flags(const Node& flags, Rule& rule) {
    if (!typed(flags, Node::Type::list, "flags")) return;
    for (const Node& flag : flags.items) {
      if (flag.text == "caseless")
        rule.expression.caseless = true;
      else if (flag.text == "dotall")
        rule.expression.dotall = true;
      else if (flag.text == "multiline")
        rule.expression.multiline = true;
      else
        fault(flag.place,
              fmt::format("flag {} is not known; {}", flag.shown(), suggestion(flag.text, kFlags)));
    }
  }

  const Node& node_;
  const std::string& file_;
  std::string where_;
  config::Problems& problems_;
};

}  // namespace

void parse_rules(std::string_view text, const std::string& path, std::vector<Rule>& rules,
                 config::Problems& problems) {
  const auto root = config::parse_toml(text, path);
  if (!root) {
    problems.push_back(root.error());
    return;
  }
  constexpr std::array<std::string_view, 1> kTables{"rule"};
  for (const config::Member& member : root->members) {
    if (member.name != "rule" || member.value.type != Node::Type::list) {
      problems.push_back({path, member.place.line, member.place.column, member.name,
                          member.name == "rule"
                              ? "write [[rule]], not [rule]"
                              : "is not known; " + suggestion(member.name, kTables)});
      continue;
    }
    for (std::size_t i = 0; i < member.value.items.size(); ++i) {
      Rule rule;
      if (RuleReader(member.value.items[i], i + 1, path, problems).read(rule))
        rules.push_back(std::move(rule));
    }
  }
}

void read_rule_file(const std::string& path, std::vector<Rule>& rules, config::Problems& problems) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() || in.bad()) {
    problems.push_back({path, 0, 0, "scan.rules", "the rule file cannot be read"});
    return;
  }
  parse_rules(text, path, rules, problems);
}

}  // namespace sluice::scan
