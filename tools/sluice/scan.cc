// `sluice scan FILE…`: what the rules say of messages, without an engine.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "scanners/builtin_rules.h"
#include "scanners/spamassassin/whole_message.h"
#include "tools/sluice/command.h"
#include "tools/sluice/rule_cache.h"

namespace sluice::tools {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using scan::sa::WholeMessageScanner;

struct ScanOptions {
  std::vector<std::string> rules{"/usr/share/spamassassin"};
  std::vector<std::string> paths;
  std::string cache = rule_cache();
  bool as_json = false;
  bool helpers = false;
};

// Files, and all files below folders (a Maildir is one), in the order of their names.
std::vector<std::string> files_of(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code fault;
    if (!fs::is_directory(path, fault)) {
      files.push_back(path);
      continue;
    }
    const std::size_t before = files.size();
    for (const auto& entry : fs::recursive_directory_iterator(path, fault))
      if (entry.is_regular_file(fault)) files.push_back(entry.path().string());
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(before), files.end());
  }
  return files;
}

void print(const std::string& file, const WholeMessageScanner& scanner,
           const WholeMessageScanner::Report& report, const ScanOptions& options) {
  json hits = json::array();
  if (!options.as_json) std::printf("%s: %.1f\n", file.c_str(), report.score);
  for (const auto& hit : report.hits) {
    const scan::sa::Rule& rule = scanner.program().rule(hit.rule);
    if (rule.helper() && !options.helpers) continue;
    const auto score = static_cast<double>(scanner.program().score(hit.rule));
    if (options.as_json)
      hits.push_back({{"rule", rule.name}, {"score", score}, {"count", hit.count}});
    else
      std::printf("  %7.3f  %-32s %s\n", score, rule.name.c_str(), rule.description.c_str());
  }
  if (!options.as_json) return;
  const json row{{"file", file}, {"score", report.score}, {"hits", std::move(hits)}};
  std::printf("%s\n", row.dump(-1, ' ', false, json::error_handler_t::replace).c_str());
}

int scan_files(const ScanOptions& options) {
  config::Problems problems;
  auto program = scan::sa::Program::compile(
      scan::sa::read_rule_book(options.rules, problems, scan::kBuiltinRules),
      {.threads = compile_threads(), .cache = options.cache}, problems);
  for (const auto& problem : problems) std::fprintf(stderr, "%s\n", problem.text().c_str());
  if (program->book().rules.empty()) return fail("no rules; name files or folders with --rules");
  WholeMessageScanner scanner(program, {});
  int status = 0;
  for (const std::string& file : files_of(options.paths)) {
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) {
      status = fail(file + ": cannot be read");
      continue;
    }
    print(file, scanner, scanner.scan(as_bytes(text)), options);
  }
  return status;
}

}  // namespace

void add_scan(CLI::App& app, Options& options) {
  auto* command = app.add_subcommand("scan", "what SpamAssassin's rules say of messages");
  auto scan = std::make_shared<ScanOptions>();
  command->add_option("path", scan->paths, "files and folders of messages")->required();
  command->add_option("--rules", scan->rules, "rule files, and folders of .cf files")
      ->allow_extra_args(false)
      ->capture_default_str();
  command->add_option("--cache", scan->cache, "folder that keeps compiled rules; \"\": none");
  command->add_flag("--json", scan->as_json, "a line of JSON for each message");
  command->add_flag("--helpers", scan->helpers, "rules without a score (__NAME) too");
  command->footer("Example: sluice scan --json message.eml");
  command->callback([&options, scan] { options.run = [scan] { return scan_files(*scan); }; });
}

}  // namespace sluice::tools
