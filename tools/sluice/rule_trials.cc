#include "tools/sluice/rule_trials.h"

#include <algorithm>
#include <cstdio>
#include <ranges>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "scanners/spamassassin/whole_message.h"
#include "tools/sluice/mail_files.h"
#include "tools/sluice/report.h"
#include "tools/sluice/rule_places.h"
#include "tools/sluice/scan_stages.h"

namespace sluice::tools {
namespace {

using nlohmann::json;
using scan::pcre::Expression;
using scan::sa::Program;
using scan::sa::Rule;
using scan::sa::WholeMessageScanner;

void show(const std::string& name, const WholeMessageScanner& scanner,
          const WholeMessageScanner::Report& report, MessageTexts& texts, bool helpers,
          bool as_json) {
  scan::pcre::Tools tools;
  json hits = json::array();
  if (!as_json) std::printf("%s: %.1f\n", name.c_str(), report.score);
  for (const auto& hit : report.hits) {
    const Rule& rule = scanner.program().rule(hit.rule);
    if (rule.helper() && !helpers) continue;
    const auto place = place_of(rule, texts, tools);
    const auto score = static_cast<double>(scanner.program().score(hit.rule));
    if (!as_json) {
      std::printf("  %7.3f  %-32s %-10s %s\n", score, rule.name.c_str(), name_of(rule.kind),
                  where_of(rule, place).c_str());
      continue;
    }
    json row{{"rule", rule.name},
             {"score", score},
             {"kind", name_of(rule.kind)},
             {"count", hit.count},
             {"where", where_of(rule, place)}};
    if (place) row["match"] = place->match;
    hits.push_back(std::move(row));
  }
  if (!as_json) return;
  const json row{{"file", name}, {"score", report.score}, {"hits", std::move(hits)}};
  std::printf("%s\n", row.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
}

// Visits each message; the exit status of the command.
template <typename Visit>
int for_each(const std::vector<std::string>& paths, Visit&& visit) {
  int status = 0;
  for (const MailFile& file : mail_files(paths)) {
    const auto one = [&](const std::string& name, std::string_view text) {
      visit(name, as_bytes(text));
      return true;
    };
    if (for_each_message(file, one) == Visited::unreadable)
      status = fail(file.path + ": cannot be read");
  }
  return status;
}

struct Cost {
  const Rule* rule = nullptr;
  Expression expression;
  double us = 0;
};

std::vector<Cost> expressions_of(const Program& program) {
  std::vector<Cost> costs;
  for (const Rule& rule : program.book().rules)
    if (auto expression = expression_of(rule)) costs.push_back({&rule, std::move(*expression), 0});
  return costs;
}

void add_cost(Cost& cost, MessageTexts& texts, scan::pcre::Tools& tools) {
  const auto seen = texts.seen_by(*cost.rule);
  Stopwatch watch;
  for (const std::string_view text : seen) cost.expression.count(as_bytes(text), 1, tools);
  cost.us += watch.lap_us();
}

}  // namespace

int show_hits(const std::shared_ptr<const Program>& program, const std::vector<std::string>& paths,
              bool helpers, bool as_json) {
  WholeMessageScanner scanner(program, {});
  return for_each(paths, [&](const std::string& name, ByteView message) {
    const auto report = scanner.scan(message);
    MessageTexts texts(message);
    show(name, scanner, report, texts, helpers, as_json);
  });
}

int bench_rules(const std::shared_ptr<const Program>& program,
                const std::vector<std::string>& paths, std::size_t top, bool as_json) {
  WholeMessageScanner scanner(program, {});
  std::vector<Cost> costs = expressions_of(*program);
  scan::pcre::Tools tools;
  Reading reader;
  double reading = 0, whole = 0;
  std::uint64_t messages = 0, octets = 0;
  const int status = for_each(paths, [&](const std::string&, ByteView message) {
    if (messages == 0) scanner.scan(message), reader.read(message);  // warm
    Stopwatch watch;
    scanner.scan(message);
    whole += watch.lap_us();
    reader.read(message);
    reading += watch.lap_us();
    MessageTexts texts(message);
    for (Cost& cost : costs) add_cost(cost, texts, tools);
    ++messages;
    octets += message.size();
  });
  if (messages == 0) return status != 0 ? status : fail("no messages");
  const auto each = [&](double sum) { return sum / static_cast<double>(messages); };
  std::ranges::sort(costs, std::ranges::greater{}, &Cost::us);
  costs.erase(costs.begin() + static_cast<std::ptrdiff_t>(std::min(costs.size(), top)),
              costs.end());
  if (as_json) {
    json rows = json::array();
    for (const Cost& cost : costs)
      rows.push_back(
          {{"rule", cost.rule->name}, {"kind", name_of(cost.rule->kind)}, {"us", each(cost.us)}});
    print_json({{"messages", messages},
                {"octets", octets},
                {"reading_us", each(reading)},
                {"whole_us", each(whole)},
                {"expressions", std::move(rows)}});
    return status;
  }
  std::printf(
      "%lu messages of %.0f octets, microseconds for each\n"
      "  %9.1f  MIME, texts and links\n  %9.1f  all of it and all rules, as the engine does\n"
      "by PCRE2 alone, expression by expression:\n",
      messages, each(static_cast<double>(octets)), each(reading), each(whole));
  for (const Cost& cost : costs)
    std::printf("  %9.1f  %-36s %-10s %s:%d\n", each(cost.us), cost.rule->name.c_str(),
                name_of(cost.rule->kind), cost.rule->file.c_str(), cost.rule->line);
  return status;
}

}  // namespace sluice::tools
