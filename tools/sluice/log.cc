// `sluice log --mid N`: the story of one message out of mail_logs: its own lines, those of the
// connection it came by and those of the connections that delivered it.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tools/sluice/report.h"

namespace sluice::tools {
namespace {

namespace fs = std::filesystem;

// The number that follows `word` in the line, 0 when there is none.
std::uint64_t number_after(const std::string& line, const std::string& word) {
  for (auto at = line.find(word); at != std::string::npos; at = line.find(word, at + 1)) {
    if (at > 0 && line[at - 1] != ' ') continue;
    const std::uint64_t number = std::strtoull(line.c_str() + at + word.size(), nullptr, 10);
    if (number != 0) return number;
  }
  return 0;
}

// Whether the line is about the message, under any of the words of the grammar.
bool tells_of(const std::string& line, std::uint64_t mid) {
  if (number_after(line, "Message ") == mid) return true;  // "Message 4 to RID [0] pending till"
  for (auto at = line.find("MID "); at != std::string::npos; at = line.find("MID ", at + 1))
    if (line[at - 1] == ' ' && std::strtoull(line.c_str() + at + 4, nullptr, 10) == mid)
      return true;
  return false;
}

std::vector<fs::path> log_files(const std::string& directory) {  // oldest first
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (entry.path().filename().string().starts_with("mail_logs")) files.push_back(entry.path());
  auto age = [](const fs::path& path) {
    const std::string name = path.filename();
    const auto dot = name.find('.');
    return dot == std::string::npos ? 0 : std::atoi(name.c_str() + dot + 1);
  };
  std::sort(files.begin(), files.end(),
            [&](const fs::path& a, const fs::path& b) { return age(a) > age(b); });
  return files;
}

void for_each_line(const std::vector<fs::path>& files,
                   const std::function<void(const std::string&)>& visit) {
  for (const fs::path& file : files) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) visit(line);
  }
}

int log_of_message(const Options& options, std::uint64_t mid) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  const auto files = log_files(config->log.directory);
  if (files.empty()) return fail("no mail_logs in " + config->log.directory);

  std::set<std::uint64_t> icids, dcids;
  for_each_line(files, [&](const std::string& line) {
    if (!tells_of(line, mid)) return;
    if (auto icid = number_after(line, "ICID ")) icids.insert(icid);
    if (auto dcid = number_after(line, "DCID ")) dcids.insert(dcid);
  });
  auto lines = nlohmann::json::array();
  for_each_line(files, [&](const std::string& line) {
    const bool of_it = tells_of(line, mid);
    const bool connection =
        number_after(line, "MID ") == 0 && (icids.contains(number_after(line, "ICID ")) ||
                                            dcids.contains(number_after(line, "DCID ")));
    if (!of_it && !connection) return;
    if (!options.as_json) std::printf("%s\n", line.c_str());
    lines.push_back(line);
  });
  if (lines.empty())
    return fail("MID " + std::to_string(mid) + " is not in the logs of " + config->log.directory);
  if (options.as_json) print_json({{"mid", mid}, {"lines", lines}});
  return 0;
}

}  // namespace

void add_log(CLI::App& app, Options& options) {
  auto* command = app.add_subcommand("log", "the log lines of one message");
  auto mid = std::make_shared<std::uint64_t>(0);
  command->add_option("--mid", *mid, "the message")->required();
  command->footer("Example: sluice log --mid 4711");
  add_json(command, options);
  command->callback(
      [&options, mid] { options.run = [&options, mid] { return log_of_message(options, *mid); }; });
}

}  // namespace sluice::tools
