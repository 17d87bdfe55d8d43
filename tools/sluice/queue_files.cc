// `sluice queue verify|repair`, `sluice versions` and `sluice upgrade`: the queue's files
// themselves, while no engine runs.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "queueing/inspect.h"
#include "queueing/repair.h"
#include "queueing/segment_files.h"
#include "tools/sluice/command.h"
#include "tools/sluice/offline.h"

namespace sluice::tools {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using queueing::SegmentReport;

struct FileOptions {
  bool as_json = false;
  bool only_look = false;  // --dry-run, --check
};

std::expected<std::vector<std::string>, std::string> shards_of(const config::Config& config) {
  std::vector<std::string> shards;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(config.queue.directory, error))
    if (entry.path().filename().string().starts_with("shard-")) shards.push_back(entry.path());
  if (error) return std::unexpected(config.queue.directory + ": " + error.message());
  std::ranges::sort(shards);
  return shards;
}

const char* name_of(queueing::SegmentState state) {
  switch (state) {
    case queueing::SegmentState::in_log: return "in the log";
    case queueing::SegmentState::spare: return "spare";
    case queueing::SegmentState::unfinished: return "unfinished";
    case queueing::SegmentState::not_understood: return "not understood";
  }
  return "";
}

json damage_json(const queueing::SegmentReader::Damage& damage) {
  return {{"begin", damage.begin},
          {"end", damage.end},
          {"bad_records", damage.bad_records},
          {"reason", queueing::describe(damage.reason)}};
}

json segment_json(const SegmentReport& segment) {
  json row{{"file", queueing::segment_file_name(segment.file)},
           {"state", name_of(segment.state)},
           {"records", segment.records},
           {"head_damaged", segment.head_damaged},
           {"damages", json::array()}};
  if (segment.header)
    row.update({{"sequence", segment.header->sequence}, {"version", segment.header->version}});
  for (const auto& damage : segment.damages) row["damages"].push_back(damage_json(damage));
  if (segment.torn) row["torn_end"] = damage_json(*segment.torn);
  return row;
}

json shard_json(const std::string& directory, const queueing::Inspection& inspection) {
  const queueing::RecoveryReport& report = inspection.report();
  json shard{{"directory", directory},
             {"segments", json::array()},
             {"records", report.records},
             {"messages", 0},
             {"lost", json::array()}};
  std::uint64_t messages = 0;
  for (const std::uint64_t size : inspection.queues()) messages += size;
  shard["messages"] = messages;
  for (const SegmentReport& segment : report.segments)
    shard["segments"].push_back(segment_json(segment));
  for (const queueing::LostMessage& lost : report.lost)
    shard["lost"].push_back({{"mid", lost.mid}, {"why", lost.why}});
  shard["ok"] = report.sound();
  return shard;
}

void print_segment(const json& segment) {
  fmt::print("  {}  {}", text_of(segment, "file"), text_of(segment, "state"));
  if (segment.contains("sequence"))
    fmt::print(", sequence {}, {} records", number_of(segment, "sequence"),
               number_of(segment, "records"));
  if (segment["head_damaged"].get<bool>()) fmt::print(", its head is damaged (there is a copy)");
  fmt::print("\n");
  for (const json& damage : segment["damages"])
    fmt::print("    offset {} to {}: {}\n", number_of(damage, "begin"), number_of(damage, "end"),
               text_of(damage, "reason"));
  if (segment.contains("torn_end"))
    fmt::print("    from offset {} on: the torn end of the log, no damage\n",
               number_of(segment["torn_end"], "begin"));
}

void print_shard(const json& shard) {
  fmt::print("{}: {} segments, {} records, {} messages whole\n", text_of(shard, "directory"),
             shard["segments"].size(), number_of(shard, "records"), number_of(shard, "messages"));
  for (const json& segment : shard["segments"]) print_segment(segment);
  for (const json& lost : shard["lost"])
    fmt::print("  MID {} is not whole: {}\n", number_of(lost, "mid"), text_of(lost, "why"));
}

int verify(const Options& options, const FileOptions& wanted) {
  const auto config = load_config(options);
  if (config == nullptr) return 1;
  const auto shards = shards_of(*config);
  if (!shards) return fail(shards.error());
  json answer{{"ok", true}, {"shards", json::array()}};
  for (const std::string& directory : *shards) {
    const auto inspection = queueing::Inspection::open(directory);
    if (!inspection) return fail(inspection.error());
    answer["shards"].push_back(shard_json(directory, **inspection));
    if (!answer["shards"].back()["ok"].get<bool>()) answer["ok"] = false;
  }
  const bool sound = answer["ok"].get<bool>();
  if (wanted.as_json) {
    print_json(answer);
    return sound ? 0 : 1;
  }
  for (const json& shard : answer["shards"]) print_shard(shard);
  fmt::print("{}\n", sound ? "Nothing is damaged."
                           : "Damaged: `sluice queue repair` sets the damaged parts aside.");
  return sound ? 0 : 1;
}

using Work = queueing::Deeds (*)(const std::string&, bool);

// The same for each shard: what is done, or would be.
int work_on_all(const Options& options, const FileOptions& wanted, Work work, const char* nothing) {
  const auto config = load_config(options);
  if (config == nullptr) return 1;
  const auto shards = shards_of(*config);
  if (!shards) return fail(shards.error());
  json answer = json::array();
  for (const std::string& directory : *shards) {
    const auto deeds = work(directory, wanted.only_look);
    if (!deeds) return fail(deeds.error());
    answer.push_back({{"directory", directory}, {"deeds", *deeds}});
  }
  if (wanted.as_json) {
    print_json({{"only_looked", wanted.only_look}, {"shards", answer}});
    return 0;
  }
  for (const json& shard : answer) {
    const json& deeds = shard["deeds"];
    if (deeds.empty()) fmt::print("{}: {}\n", text_of(shard, "directory"), nothing);
    for (const json& deed : deeds)
      fmt::print("{}: {}{}\n", text_of(shard, "directory"), wanted.only_look ? "would do: " : "",
                 deed.get<std::string>());
  }
  return 0;
}

int repair(const Options& options, const FileOptions& wanted) {
  return work_on_all(options, wanted, queueing::repair, "nothing is damaged");
}

int upgrade(const Options& options, const FileOptions& wanted) {
  return work_on_all(options, wanted, queueing::upgrade, "everything is of this version");
}

// Of this program, and of what lies on the disk.
int versions(const Options& options, const FileOptions& wanted) {
  const auto config = load_config(options);
  if (config == nullptr) return 1;
  json answer{{"sluice", "0.1.0"},
              {"queue_format",
               {{"reads_from", queueing::kOldestVersion}, {"writes", queueing::kFormatVersion}}},
              {"shards", json::array()}};
  const auto shards = shards_of(*config);
  for (const std::string& directory : shards ? *shards : std::vector<std::string>{})
    answer["shards"].push_back(
        {{"directory", directory}, {"versions", queueing::versions_in(directory)}});
  if (wanted.as_json) {
    print_json(answer);
    return 0;
  }
  fmt::print("sluice 0.1.0\nqueue files: writes format {}, upgrades from {}\n",
             queueing::kFormatVersion, queueing::kOldestVersion);
  for (const json& shard : answer["shards"])
    for (const auto& [version, files] : shard["versions"].items())
      fmt::print("{}: {} segments of format {}\n", text_of(shard, "directory"),
                 files.get<std::uint64_t>(), version);
  return 0;
}

template <typename Run>
CLI::App* add_command(CLI::App& parent, Options& options, const char* name, const char* what,
                      const char* look, const char* example, Run run) {
  auto settings = std::make_shared<FileOptions>();
  auto* command = parent.add_subcommand(name, what);
  command->add_flag("--json", settings->as_json, "as JSON");
  if (look != nullptr)
    command->add_flag(look, settings->only_look, "says what would be done, and changes nothing");
  command->footer(std::string("Example: sluice ") + example);
  command->callback([&options, settings, run] {
    options.run = [&options, settings, run] { return run(options, *settings); };
  });
  return command;
}

}  // namespace

void add_queue_files(CLI::App& queue, Options& options) {
  add_command(queue, options, "verify", "reads every record of the queue's files; needs no engine",
              nullptr, "queue verify --json", verify);
  add_command(queue, options, "repair", "sets damaged parts of the queue's files aside",
              "--dry-run", "queue repair --dry-run", repair);
}

void add_versions(CLI::App& app, Options& options) {
  add_command(app, options, "versions", "of the program and of the queue's files", nullptr,
              "versions", versions);
  add_command(app, options, "upgrade", "makes the queue's files those of this version", "--check",
              "upgrade --check", upgrade);
}

}  // namespace sluice::tools
