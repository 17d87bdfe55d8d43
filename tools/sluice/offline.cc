#include "tools/sluice/offline.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <utility>

#include "engine/control/host_commands.h"
#include "engine/control/mail_log.h"

namespace sluice::tools {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

}  // namespace

std::expected<OfflineQueue, std::string> OfflineQueue::open(const config::Config& config) {
  OfflineQueue queue;
  std::error_code error;
  std::vector<fs::path> directories;
  for (const auto& entry : fs::directory_iterator(config.queue.directory, error))
    if (entry.path().filename().string().starts_with("shard-")) directories.push_back(entry.path());
  if (error) return std::unexpected(config.queue.directory + ": " + error.message());
  for (const fs::path& directory : directories) {
    auto shard = queueing::Inspection::open(directory);
    if (!shard) return std::unexpected(shard.error());
    queue.shards_.push_back(std::move(*shard));
  }
  queue.answers_ = control::HostAnswers::load(config.queue.directory);
  return queue;
}

void OfflineQueue::for_each(const queueing::MessageVisitor& visit) {
  for (auto& shard : shards_) shard->visit(visit);
}

json OfflineQueue::sizes() const {
  queueing::QueueSizes sum{};
  for (const auto& shard : shards_)
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += shard->queues()[i];
  return {{"i_qmsgs", sum[0]}, {"o_qmsgs", sum[1]}, {"d_qmsgs", sum[2]}};
}

json OfflineQueue::hosts() const {
  json rows = json::array();
  for (const auto& shard : shards_) {
    const queueing::HostIndex& hosts = shard->hosts();
    for (std::size_t i = 0; i < hosts.size(); ++i)
      if (const queueing::HostRecord* host = hosts.record(i))
        rows.push_back(control::host_row(*host));
  }
  for (json& row : rows) answers_.complete(row);
  return rows;
}

json OfflineQueue::recipients(const std::string& host) {
  json rows = json::array();
  const WallTime now = SystemClock().wall();
  for_each([&](const queueing::QueuedMessage& message) {
    if (message.stage != queueing::Stage::delivery) return;
    message.envelope.for_each_recipient([&](Rid rid, const mail::Recipient& recipient) {
      if (message.recipients[rid].status == queueing::RecipientStatus::pending &&
          queueing::HostIndex::host_of(recipient.address) == host)
        rows.push_back(control::recipient_row(message, rid, now));
    });
  });
  return rows;
}

std::expected<std::string, std::string> OfflineQueue::octets(Mid mid) {
  for (auto& shard : shards_) {
    const queueing::QueuedMessage* message = shard->find(mid);
    if (message == nullptr) continue;
    auto body = shard->read_body(mid);
    if (!body) return std::unexpected(body.error());
    return message->added_header + *body;
  }
  return std::unexpected(fmt::format("MID {} is not in the queue", mid));
}

Answer ask_or_read(const config::Config& config, const json& request,
                   const std::function<Answer(OfflineQueue&)>& read) {
  auto answer = ask_engine(config.admin.socket, request);
  if (answer) return *answer;
  if (answer.error().fault != AdminFault::not_running) return std::unexpected(answer.error().text);
  auto queue = OfflineQueue::open(config);
  if (!queue) return std::unexpected(queue.error());
  note_offline(config);
  return read(*queue);
}

std::expected<void, AdminError> ask_pages(
    const config::Config& config, json request,
    const std::function<void(json& row, json& request)>& take) {
  for (;;) {
    auto answer = ask_engine(config.admin.socket, request);
    if (!answer) return std::unexpected(answer.error());
    for (json& row : (*answer)["rows"]) take(row, request);
    const json& next = (*answer)["next"];
    if (next.is_null()) return {};
    for (const char* key : {"worker", "cursor", "after"}) request.erase(key);
    request.update(next);
  }
}

Answer ask_running(const config::Config& config, const json& request) {
  auto answer = ask_engine(config.admin.socket, request);
  if (answer) return *answer;
  if (answer.error().fault == AdminFault::not_running)
    return std::unexpected("no engine is running (admin.socket " + config.admin.socket +
                           "): only a running engine changes its queue; nothing was changed");
  return std::unexpected(answer.error().text);
}

void note_offline(const config::Config& config) {
  static bool noted = false;
  if (std::exchange(noted, true)) return;
  std::fprintf(stderr, "note: no engine is running; this is what the files in %s say\n",
               config.queue.directory.c_str());
}

std::string text_of(const json& row, const char* key) {
  return row.contains(key) && row[key].is_string() ? row[key].get<std::string>() : "";
}

std::uint64_t number_of(const json& row, const char* key) {
  return row.contains(key) && row[key].is_number() ? row[key].get<std::uint64_t>() : 0;
}

std::string age_text(std::int64_t seconds) {
  if (seconds < 0) seconds = 0;
  if (seconds >= 86'400) return fmt::format("{}d {}h", seconds / 86'400, seconds % 86'400 / 3'600);
  if (seconds >= 3'600) return fmt::format("{}h {}m", seconds / 3'600, seconds % 3'600 / 60);
  if (seconds >= 60) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  return fmt::format("{}s", seconds);
}

std::string date_text(std::int64_t unix_seconds) {
  return control::log_date({unix_seconds * 1'000'000'000});
}

}  // namespace sluice::tools
