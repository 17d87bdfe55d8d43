// `sluice rules check|list|explain|hits|bench`: rule files in SpamAssassin's language, without an
// engine.
#include <chrono>
#include <cstdio>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "scanners/builtin_rules.h"
#include "scanners/own_rules.h"
#include "scanners/spamassassin/program.h"
#include "tools/sluice/report.h"
#include "tools/sluice/rule_cache.h"
#include "tools/sluice/rule_trials.h"

namespace sluice::tools {
namespace {

using nlohmann::json;
using scan::sa::Kind;
using scan::sa::Rule;
using scan::sa::RuleBook;

constexpr const char* kStockFolder = "/usr/share/spamassassin";

struct RulesOptions {
  std::vector<std::string> paths{kStockFolder};
  std::string cache = rule_cache();
  std::string name;
  std::vector<std::string> messages;
  std::size_t top = 20;
  bool own_rules = false;
  bool helpers = false;
  bool as_json = false;
};

RuleBook read(const RulesOptions& rules, config::Problems& problems) {
  std::string builtin(scan::kBuiltinRules);
  if (rules.own_rules) builtin += scan::own_rules();
  return scan::sa::read_rule_book(rules.paths, problems, builtin, scan::kClassifierScores);
}

// Octets as a JSON text: each octet beyond ASCII is the character of that number (Latin-1).
std::string latin1_text(const std::string& octets) {
  std::string text;
  for (const char octet : octets) {
    const auto code = static_cast<unsigned char>(octet);
    if (code < 0x80)
      text += octet;
    else
      text += {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 0x3f))};
  }
  return text;
}

std::string flags_of(const scan::sa::PerlRegex& regex) {
  return std::string(regex.caseless ? "i" : "") + (regex.multiline ? "m" : "") +
         (regex.dotall ? "s" : "");
}

std::string target_of(const Rule& rule) {
  std::string text = rule.target.field;
  if (rule.target.raw) text += ":raw";
  if (rule.target.address) text += ":addr";
  if (rule.target.name) text += ":name";
  return text;
}

json row_of(const Rule& rule) {
  json row{{"name", rule.name},
           {"kind", name_of(rule.kind)},
           {"file", rule.file},
           {"line", rule.line},
           {"scores", rule.scores}};
  if (!rule.description.empty()) row["description"] = latin1_text(rule.description);
  if (rule.kind == Kind::meta) row["expression"] = latin1_text(rule.meta);
  if (rule.kind == Kind::eval)
    row["function"] = rule.call.function, row["arguments"] = rule.call.arguments;
  if (!rule.target.field.empty()) row["field"] = target_of(rule);
  if (!rule.regex.pattern.empty())
    row["regex"] = latin1_text(rule.regex.pattern), row["flags"] = flags_of(rule.regex);
  return row;
}

void print_set(const char* name, const scan::sa::PatternSet& set) {
  using scan::sa::Form;
  std::printf(
      "  %-10s %5zu expressions: %zu by Hyperscan alone, %zu behind it, %zu behind a factor, "
      "%zu counted, %zu by PCRE2 alone\n",
      name, set.size(), set.count(Form::exact), set.count(Form::prefilter), set.count(Form::factor),
      set.count(Form::octets), set.count(Form::none));
}

void print_sets(const scan::sa::Program& program) {
  print_set("body", program.body());
  print_set("rawbody", program.rawbody());
  print_set("full", program.full());
  print_set("uri", program.uri());
  std::size_t looked_for = 0;
  for (const auto* groups : {&program.headers(), &program.part_headers()})
    for (const auto& group : *groups) {
      looked_for += group.rules.looked_for();
      if (group.rules.others().size() > 20)
        print_set(group.target.field.c_str(), group.rules.others());
    }
  std::printf("  %zu header fields, %zu part fields; %zu expressions behind a literal of them\n",
              program.headers().size(), program.part_headers().size(), looked_for);
}

std::shared_ptr<const scan::sa::Program> compile(const RulesOptions& rules) {
  config::Problems problems;
  auto program = scan::sa::Program::compile(
      read(rules, problems), {.threads = compile_threads(), .cache = rules.cache}, problems);
  for (const auto& problem : problems) std::fprintf(stderr, "%s\n", problem.text().c_str());
  return program;
}

int hits(const RulesOptions& rules) {
  return show_hits(compile(rules), rules.messages, rules.helpers, rules.as_json);
}

int bench(const RulesOptions& rules) {
  return bench_rules(compile(rules), rules.messages, rules.top, rules.as_json);
}

int check(const RulesOptions& rules) {
  config::Problems problems;
  const auto started = std::chrono::steady_clock::now();
  const auto program = scan::sa::Program::compile(
      read(rules, problems), {.threads = compile_threads(), .cache = rules.cache}, problems);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - started;
  std::map<std::string, int> counts;
  for (const Rule& rule : program->book().rules) ++counts[name_of(rule.kind)];
  if (rules.as_json) {
    json found{{"rules", program->book().rules.size()},
               {"kinds", counts},
               {"problems", json::array()},
               {"notes", program->notes()},
               {"not_supported", json::object()}};
    for (const auto& problem : problems) found["problems"].push_back(problem.text());
    for (const auto& [rule, reason] : program->unsupported()) found["not_supported"][rule] = reason;
    print_json(found);
    return problems.empty() ? 0 : 1;
  }
  for (const auto& problem : problems) std::fprintf(stderr, "%s\n", problem.text().c_str());
  std::string kinds;
  for (const auto& [kind, count] : counts) kinds += fmt::format("{} {}, ", count, kind);
  std::printf("%zu rules: %s%zu problems\n", program->book().rules.size(), kinds.c_str(),
              problems.size());
  print_sets(*program);
  for (const std::string& note : program->notes()) std::printf("  %s\n", note.c_str());
  std::printf("  compiled in %.2f s\n", taken.count());
  if (!program->unsupported().empty()) std::printf("not supported, never hit:\n");
  for (const auto& [rule, reason] : program->unsupported())
    std::printf("  %-36s %s\n", rule.c_str(), reason.c_str());
  return problems.empty() ? 0 : 1;
}

int list(const RulesOptions& rules) {
  config::Problems problems;
  const RuleBook book = read(rules, problems);
  json rows = json::array();
  for (const Rule& rule : book.rules) {
    if (rules.as_json)
      rows.push_back(row_of(rule));
    else if (!rule.helper())
      std::printf("%-36s %-10s %7.3f  %s\n", rule.name.c_str(), name_of(rule.kind),
                  static_cast<double>(rule.scores[0]), rule.description.c_str());
  }
  if (rules.as_json) std::printf("%s\n", rows.dump().c_str());
  return 0;
}

int explain(const RulesOptions& rules) {
  config::Problems problems;
  const RuleBook book = read(rules, problems);
  const Rule* rule = book.find(rules.name);
  if (rule == nullptr) return fail(fmt::format("no rule is called {:?}", rules.name));
  std::printf("%s\n", row_of(*rule).dump(2).c_str());
  return 0;
}

}  // namespace

void add_rules(CLI::App& app, Options& options) {
  auto* command = app.add_subcommand("rules", "rule files in SpamAssassin's language");
  command->require_subcommand(1);
  command->footer("Example: sluice rules check");
  auto rules = std::make_shared<RulesOptions>();
  const auto add = [&](const char* name, const char* meaning, const char* example, auto run) {
    auto* verb = command->add_subcommand(name, meaning);
    verb->footer(fmt::format("Example: sluice rules {}", example));
    verb->add_option("--rules", rules->paths, "files, and folders of .cf files")
        ->allow_extra_args(false)
        ->capture_default_str();
    verb->add_flag("--own-rules", rules->own_rules, "our own rules too (SL_*)");
    verb->callback([&options, rules, run] { options.run = [rules, run] { return run(*rules); }; });
    verb->add_flag("--json", rules->as_json, "as JSON");
    return verb;
  };
  add("check", "name every problem in rule files", "check --rules /etc/sluice/rules", check)
      ->add_option("--cache", rules->cache, "folder that keeps compiled rules; \"\": none");
  add("list", "all rules with their scores", "list --json", list);
  add("explain", "one rule with all that is known of it, as JSON", "explain FREEMAIL_FROM", explain)
      ->add_option("name", rules->name, "the rule")
      ->required();
  const auto over_messages = [&](CLI::App* verb) {
    verb->add_option("--cache", rules->cache, "folder that keeps compiled rules; \"\": none");
    verb->add_option("path", rules->messages, "messages, mbox files, folders (Maildir)")
        ->required();
    return verb;
  };
  over_messages(add("hits", "which rules hit messages, and where", "hits message.eml", hits))
      ->add_flag("--helpers", rules->helpers, "rules without a score (__NAME) too");
  over_messages(add("bench", "what messages cost, and the expressions that are dearest alone",
                    "bench --rules local.cf Maildir", bench))
      ->add_option("--top", rules->top, "so many of them")
      ->capture_default_str();
}

}  // namespace sluice::tools
