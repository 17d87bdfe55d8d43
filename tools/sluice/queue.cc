// `sluice queue list|show`: from the running engine, or read-only from the files when none runs.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "engine/control/queue_json.h"
#include "queueing/inspect.h"
#include "tools/sluice/admin_client.h"
#include "tools/sluice/command.h"

namespace sluice::tools {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct QueueOptions {
  std::uint64_t from = 0;
  std::uint64_t limit = 100;
  std::uint64_t mid = 0;
  bool as_json = false;
};

// Calls visit for each shard directory of the queue, until it returns false.
template <typename Visit>
std::expected<void, std::string> for_each_shard(const config::Config& config, Visit&& visit) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(config.queue.directory, error)) {
    if (!entry.path().filename().string().starts_with("shard-")) continue;
    auto shard = queueing::Inspection::open(entry.path());
    if (!shard) return std::unexpected(shard.error());
    if (!visit(**shard)) break;
  }
  if (error) return std::unexpected(config.queue.directory + ": " + error.message());
  return {};
}

std::expected<json, std::string> list_offline(const config::Config& config,
                                              const QueueOptions& queue) {
  std::vector<json> rows;
  auto read = for_each_shard(config, [&](queueing::Inspection& shard) {
    struct Page {
      std::vector<json>& rows;
      std::uint64_t left;
    } page{rows, queue.limit};
    shard.visit(
        queue.from,
        [](const queueing::QueuedMessage& message, void* context) {
          auto& out = *static_cast<Page*>(context);
          out.rows.push_back(control::message_row(message));
          return --out.left > 0;
        },
        &page);
    return true;
  });
  if (!read) return std::unexpected(read.error());
  std::sort(rows.begin(), rows.end(),
            [](const json& a, const json& b) { return a["mid"] < b["mid"]; });
  if (rows.size() > queue.limit) rows.resize(queue.limit);
  return json{{"messages", rows}};
}

std::expected<json, std::string> show_offline(const config::Config& config, std::uint64_t mid) {
  json found;
  auto read = for_each_shard(config, [&](queueing::Inspection& shard) {
    if (const queueing::QueuedMessage* message = shard.find(mid))
      found = control::message_detail(*message);
    return found.is_null();
  });
  if (!read) return std::unexpected(read.error());
  if (found.is_null())
    return std::unexpected("MID " + std::to_string(mid) + " is not in the queue");
  return found;
}

template <typename Offline>
std::expected<json, std::string> ask(const config::Config& config, const json& request,
                                     Offline&& offline) {
  auto answer = ask_engine(config.admin.socket, request);
  if (answer) return *answer;
  if (answer.error().fault != AdminFault::not_running) return std::unexpected(answer.error().text);
  return offline();
}

void print_list(const json& answer) {
  std::printf("%10s  %-24s %4s %10s %5s  %s\n", "MID", "received", "SCL", "size", "rcpts",
              "sender");
  for (const json& row : answer["messages"])
    std::printf("%10llu  %-24s %4d %10llu %5u  <%s>\n",
                static_cast<unsigned long long>(row["mid"].get<std::uint64_t>()),
                row["received"].get<std::string>().c_str(), row["scl"].get<int>(),
                static_cast<unsigned long long>(row["size"].get<std::uint64_t>()),
                row["recipients"].get<unsigned>(), row["sender"].get<std::string>().c_str());
}

void print_detail(const json& row) {
  std::printf("MID %llu, ICID %llu, received %s, SCL %d, %llu octets\nFrom: <%s>\n",
              static_cast<unsigned long long>(row["mid"].get<std::uint64_t>()),
              static_cast<unsigned long long>(row["icid"].get<std::uint64_t>()),
              row["received"].get<std::string>().c_str(), row["scl"].get<int>(),
              static_cast<unsigned long long>(row["size"].get<std::uint64_t>()),
              row["sender"].get<std::string>().c_str());
  for (const json& recipient : row["recipients"])
    std::printf("RID %u: <%s> %s, %u attempts, next %s\n", recipient["rid"].get<unsigned>(),
                recipient["address"].get<std::string>().c_str(),
                recipient["status"].get<std::string>().c_str(),
                recipient["attempts"].get<unsigned>(),
                recipient["next_attempt"].get<std::string>().c_str());
  std::printf("Added header:\n%s", row["added_header"].get<std::string>().c_str());
}

int queue_list(const Options& options, const QueueOptions& queue) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto answer =
      ask(*config, {{"command", "queue.list"}, {"from", queue.from}, {"limit", queue.limit}},
          [&] { return list_offline(*config, queue); });
  if (!answer) return fail(answer.error());
  if (queue.as_json) {
    std::printf("%s\n", answer->dump(2, ' ', false, json::error_handler_t::replace).c_str());
  } else {
    print_list(*answer);
  }
  return 0;
}

int queue_show(const Options& options, const QueueOptions& queue) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto answer = ask(*config, {{"command", "queue.show"}, {"mid", queue.mid}},
                    [&] { return show_offline(*config, queue.mid); });
  if (!answer) return fail(answer.error());
  if (queue.as_json) {
    std::printf("%s\n", answer->dump(2, ' ', false, json::error_handler_t::replace).c_str());
  } else {
    print_detail(*answer);
  }
  return 0;
}

}  // namespace

void add_queue(CLI::App& app, Options& options) {
  auto* queue = app.add_subcommand("queue", "messages in the queue");
  queue->require_subcommand(1);
  auto settings = std::make_shared<QueueOptions>();

  auto* list = queue->add_subcommand("list", "messages in MID order");
  list->add_option("--from", settings->from, "lowest MID")->capture_default_str();
  list->add_option("--limit", settings->limit, "rows, 1000 at most")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  list->add_flag("--json", settings->as_json, "as JSON");
  list->footer("Example: sluice queue list --limit 20");
  list->callback([&options, settings] {
    options.run = [&options, settings] { return queue_list(options, *settings); };
  });

  auto* show = queue->add_subcommand("show", "one message with its recipients");
  show->add_option("mid", settings->mid, "the message")->required();
  show->add_flag("--json", settings->as_json, "as JSON");
  show->footer("Example: sluice queue show 4711");
  show->callback([&options, settings] {
    options.run = [&options, settings] { return queue_show(options, *settings); };
  });
}

}  // namespace sluice::tools
