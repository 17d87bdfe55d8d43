// `sluice scan FILE…`: what the rules say of messages, without an engine.
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "scanners/attachment/unpacker.h"
#include "scanners/bayes/store.h"
#include "scanners/builtin_rules.h"
#include "scanners/own_rules.h"
#include "scanners/scl.h"
#include "scanners/spamassassin/report.h"
#include "tools/sluice/command.h"
#include "tools/sluice/mail_files.h"
#include "tools/sluice/rule_cache.h"
#include "tools/sluice/rule_places.h"
#include "tools/sluice/scan_stages.h"

namespace sluice::tools {
namespace {

using nlohmann::json;
using scan::sa::WholeMessageScanner;

struct ScanOptions {
  std::vector<std::string> rules{"/usr/share/spamassassin"};
  std::vector<std::string> paths;
  std::string cache = rule_cache();
  std::string database;  // of the classifier; empty: it is not asked
  bool as_json = false;
  std::string format = "table";
  std::size_t reasons = 10;  // that the classifier gives
  bool own_rules = false;
  bool helpers = false;
};

json reasons_of(const WholeMessageScanner::Report& report) {
  json reasons = json::array();
  for (const auto& reason : report.reasons)
    reasons.push_back({{"token", reason.token}, {"probability", reason.probability}});
  return reasons;
}

void print_reasons(const WholeMessageScanner::Report& report) {
  if (report.opinion.tokens == 0) return;
  std::printf("  classifier: probability of spam %.4f by %u tokens;", report.opinion.probability,
              report.opinion.tokens);
  for (std::size_t view = 0; view < scan::bayes::kViews; ++view)
    std::printf(" %s %+.2f", scan::bayes::kViewNames[view].data(), report.opinion.balance[view]);
  std::printf("; the strongest:\n");
  for (const auto& reason : report.reasons)
    std::printf("  %7.4f  %s\n", reason.probability, reason.token.c_str());
}

// What a message costs: by the clock, so that a first message pays for cold caches.
struct Times {
  double reading_us = 0;  // MIME, texts, links
  double rules_us = 0;    // and the classifier
  double files_us = 0;    // what is within it
};

int scl_of(double score) {
  return scan::SclTable(config::Scan{}.scl_score).scl(scan::milli_score(score));
}

void print(const std::string& file, const WholeMessageScanner& scanner,
           const WholeMessageScanner::Report& report, MessageTexts& texts, const Times& times,
           const ScanOptions& options) {
  if (options.format == "report") {
    std::printf("%s:\n%s\n", file.c_str(),
                scan::sa::report_text(scanner.program(), report, scan::sa::kSpamScore).c_str());
    return;
  }
  if (options.format == "headers") {
    std::printf(
        "%s",
        scan::sa::status_fields(scanner.program(), report, scan::sa::kSpamScore, "\n").c_str());
    return;
  }
  scan::pcre::Tools tools;
  json hits = json::array();
  if (!options.as_json)
    std::printf("%s: %.1f points, SCL %d\n", file.c_str(), report.score, scl_of(report.score));
  for (const auto& hit : report.hits) {
    const scan::sa::Rule& rule = scanner.program().rule(hit.rule);
    if (rule.helper() && !options.helpers) continue;
    const auto score = static_cast<double>(scanner.program().score(hit.rule));
    const auto place = place_of(rule, texts, tools);
    if (options.as_json) {
      hits.push_back({{"rule", rule.name},
                      {"score", score},
                      {"count", hit.count},
                      {"kind", name_of(rule.kind)},
                      {"where", where_of(rule, place)}});
      continue;
    }
    std::printf("  %7.3f  %-32s %s\n", score, rule.name.c_str(), rule.description.c_str());
    if (place) std::printf("           %s: %s\n", name_of(rule.kind), place->text().c_str());
  }
  if (!options.as_json) {
    print_reasons(report);
    std::printf("  took %.0f us: reading %.0f, rules %.0f, attachments %.0f\n",
                times.reading_us + times.rules_us + times.files_us, times.reading_us,
                times.rules_us, times.files_us);
    return;
  }
  json row{{"file", file},
           {"score", report.score},
           {"scl", scl_of(report.score)},
           {"hits", std::move(hits)},
           {"us",
            {{"reading", times.reading_us},
             {"rules", times.rules_us},
             {"attachments", times.files_us}}}};
  json views;
  for (std::size_t view = 0; view < scan::bayes::kViews; ++view)
    views[scan::bayes::kViewNames[view]] = report.opinion.balance[view];
  if (report.opinion.tokens > 0)
    row["bayes"] = {{"probability", report.opinion.probability},
                    {"log_odds", report.opinion.log_odds},
                    {"tokens", report.opinion.tokens},
                    {"views", std::move(views)},
                    {"reasons", reasons_of(report)}};
  std::printf("%s\n", row.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
}

// Null without a database; an error is a sentence.
std::expected<std::shared_ptr<const scan::bayes::Model>, std::string> model_of(
    const std::string& database) {
  using scan::bayes::Store;
  if (database.empty()) return nullptr;
  const auto store = Store::open(database, Store::Access::read, 0);
  if (!store) return std::unexpected(store.error());
  auto model = store->model({});
  if (model && !(*model)->ready())
    std::fprintf(stderr, "%s: not enough is learned: the classifier is not asked\n",
                 database.c_str());
  if (model && !(*model)->ready()) return nullptr;
  return model;
}

// What the files within the message hold, as the rules that carry it.
void add_attachments(std::string_view message, const scan::sa::Program& program,
                     scan::attachment::Unpacker& unpacker, WholeMessageScanner::Report& report) {
  using namespace scan::attachment;
  const AttachmentRules none;
  const ByteView octets = as_bytes(message);
  const Findings found = unpacker.examine({&octets, 1}, none).findings;
  for (std::size_t i = 0; i < kFindings; ++i) {
    const auto finding = static_cast<Finding>(i);
    const auto rule = program.book().index.find(rule_name(finding));
    if (!found.has(finding) || rule == program.book().index.end()) continue;
    const auto index = static_cast<std::uint32_t>(rule->second);
    const auto known = std::ranges::find(report.hits, index, &WholeMessageScanner::Hit::rule);
    if (known != report.hits.end() || program.score(index) == 0) continue;
    report.hits.push_back({index, 1});
    report.score += static_cast<double>(program.score(index));
  }
}

int scan_files(const ScanOptions& options) {
  auto model = model_of(options.database);
  if (!model) return fail(model.error());
  config::Problems problems;
  std::string builtin(scan::kBuiltinRules);
  if (options.own_rules) builtin += scan::own_rules();
  auto program = scan::sa::Program::compile(
      scan::sa::read_rule_book(options.rules, problems, builtin, scan::kClassifierScores),
      {.score_set = *model != nullptr ? 2U : 0U,
       .threads = compile_threads(),
       .cache = options.cache},
      problems);
  for (const auto& problem : problems) std::fprintf(stderr, "%s\n", problem.text().c_str());
  if (program->book().rules.empty()) return fail("no rules; name files or folders with --rules");
  WholeMessageScanner scanner(program, {}, std::move(*model));
  scanner.explain(options.reasons);
  Reading reading;
  scan::attachment::Unpacker unpacker({});
  int status = 0;
  const std::vector<MailFile> files = mail_files(options.paths);
  Progress progress(files);
  std::uint64_t messages = 0;
  for (const MailFile& file : files) {
    const auto scan = [&](const std::string& name, std::string_view text) {
      Times times;
      Stopwatch watch;
      auto report = scanner.scan(as_bytes(text));
      times.rules_us = watch.lap_us();
      add_attachments(text, scanner.program(), unpacker, report);
      times.files_us = watch.lap_us();
      reading.read(as_bytes(text));
      times.reading_us = std::min(watch.lap_us(), times.rules_us);
      times.rules_us -= times.reading_us;
      MessageTexts texts(as_bytes(text));
      print(name, scanner, report, texts, times, options);
      ++messages;
      return true;
    };
    if (for_each_message(file, scan) == Visited::unreadable)
      status = fail(file.path + ": cannot be read");
    progress.at(file, messages);
  }
  return status;
}

}  // namespace

void add_scan(CLI::App& app, Options& options) {
  auto* command = app.add_subcommand("scan", "what SpamAssassin's rules say of messages");
  auto scan = std::make_shared<ScanOptions>();
  command->add_option("path", scan->paths, "messages, mbox files, folders (Maildir)")->required();
  command->add_option("--rules", scan->rules, "rule files, and folders of .cf files")
      ->allow_extra_args(false)
      ->capture_default_str();
  command->add_flag("--own-rules", scan->own_rules,
                    "our own rules too (SL_*), for what the stock rules lack");
  command->add_option("--cache", scan->cache, "folder that keeps compiled rules; \"\": none");
  command->add_option("--bayes", scan->database,
                      "folder of the classifier's database, as `sluice learn --database` makes it");
  command->add_option("--reasons", scan->reasons, "how many tokens the classifier names")
      ->capture_default_str();
  command
      ->add_option("--format", scan->format,
                   "table, or as SpamAssassin writes it: report, headers (X-Spam-*)")
      ->check(CLI::IsMember({"table", "report", "headers"}))
      ->capture_default_str();
  command->add_flag("--json", scan->as_json, "a line of JSON for each message");
  command->add_flag("--helpers", scan->helpers, "rules without a score (__NAME) too");
  command->footer("Example: sluice scan --json message.eml");
  command->callback([&options, scan] { options.run = [scan] { return scan_files(*scan); }; });
}

}  // namespace sluice::tools
