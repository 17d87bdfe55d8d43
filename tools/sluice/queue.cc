// `sluice queue list|show|headers|export|delete|requeue`: single messages and many.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "engine/control/queue_json.h"
#include "engine/control/queue_select.h"
#include "tools/sluice/command.h"
#include "tools/sluice/offline.h"
#include "tools/sluice/selector.h"

namespace sluice::tools {
namespace {

using nlohmann::json;

constexpr std::size_t kMidsPerRequest = 100;  // a request has 4096 octets at most
constexpr std::size_t kOctetsPerRead = 128 * 1024;

struct QueueOptions {
  SelectorOptions selector;
  std::uint64_t mid = 0;
  std::uint64_t from = 0;
  std::uint64_t limit = 100;
  std::string directory;
  bool as_json = false;
};

// The rows of the lowest MIDs, `limit` of them, in that order.
class LowestRows {
 public:
  explicit LowestRows(std::uint64_t limit) : limit_(limit) {}
  void add(json row) {
    rows_.emplace(row["mid"].get<Mid>(), std::move(row));
    if (rows_.size() > limit_) rows_.erase(std::prev(rows_.end()));
  }
  // Nothing above it is wanted any more.
  std::optional<Mid> highest() const {
    if (rows_.size() < limit_) return std::nullopt;
    return rows_.rbegin()->first;
  }
  json take() const {
    json rows = json::array();
    for (const auto& [mid, row] : rows_) rows.push_back(row);
    return rows;
  }

 private:
  std::uint64_t limit_;
  std::map<Mid, json> rows_;
};

std::expected<json, AdminError> list_from_engine(const config::Config& config, json request,
                                                 std::uint64_t limit) {
  LowestRows rows(limit);
  request["command"] = "queue.list";
  auto asked = ask_pages(config, request, [&](json& row, json& next_request) {
    rows.add(std::move(row));
    if (const auto highest = rows.highest()) next_request["mid_max"] = *highest;
  });
  if (!asked) return std::unexpected(asked.error());
  return rows.take();
}

Answer list_from_files(const config::Config& config, const json& request, std::uint64_t limit) {
  auto queue = OfflineQueue::open(config);
  if (!queue) return std::unexpected(queue.error());
  note_offline(config);
  const auto selector = control::parse_selector(request);
  if (!selector) return std::unexpected(selector.error());
  const WallTime now = SystemClock().wall();
  LowestRows rows(limit);
  queue->for_each([&](const queueing::QueuedMessage& message) {
    if (selector->matches(message, now)) rows.add(control::message_row(message, now));
  });
  return rows.take();
}

Answer selected(const config::Config& config, const json& request, std::uint64_t limit) {
  auto rows = list_from_engine(config, request, limit);
  if (rows) return *rows;
  if (rows.error().fault != AdminFault::not_running) return std::unexpected(rows.error().text);
  return list_from_files(config, request, limit);
}

void print_list(const json& rows) {
  std::printf("%10s  %-8s %-8s %-9s %4s %10s %5s  %s\n", "MID", "queue", "stage", "age", "SCL",
              "size", "rcpts", "sender");
  for (const json& row : rows)
    std::printf("%10llu  %-8s %-8s %-9s %4d %10llu %5u  <%s>\n",
                static_cast<unsigned long long>(row["mid"].get<Mid>()),
                text_of(row, "queue").c_str(), text_of(row, "stage").c_str(),
                age_text(row["age"].get<std::int64_t>()).c_str(), row["scl"].get<int>(),
                static_cast<unsigned long long>(number_of(row, "size")),
                row["recipients"].get<unsigned>(), text_of(row, "sender").c_str());
}

int queue_list(const Options& options, const QueueOptions& wanted) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto request = selector_json(wanted.selector);
  if (!request) return fail(request.error());
  (*request)["mid_min"] = wanted.from;
  auto rows = selected(*config, *request, wanted.limit);
  if (!rows) return fail(rows.error());
  if (wanted.as_json)
    print_json({{"messages", *rows}});
  else
    print_list(*rows);
  return 0;
}

void print_detail(const json& row) {
  std::printf("MID %llu, ICID %llu, received %s, SCL %d, %llu octets\n",
              static_cast<unsigned long long>(row["mid"].get<Mid>()),
              static_cast<unsigned long long>(number_of(row, "icid")),
              text_of(row, "received").c_str(), row["scl"].get<int>(),
              static_cast<unsigned long long>(number_of(row, "size")));
  std::printf("Queue: %s (%s)\nFrom: <%s>\n", text_of(row, "queue").c_str(),
              text_of(row, "stage").c_str(), text_of(row, "sender").c_str());
  for (const json& recipient : row["recipients"]) {
    std::printf("RID %u: <%s> %s, %u attempts, next %s\n", recipient["rid"].get<unsigned>(),
                text_of(recipient, "address").c_str(), text_of(recipient, "status").c_str(),
                recipient["attempts"].get<unsigned>(), text_of(recipient, "next_attempt").c_str());
    if (const std::string reply = text_of(recipient, "last_reply"); !reply.empty())
      std::printf("       last reply: %s\n", reply.c_str());
  }
  std::printf("Added header:\n%s", text_of(row, "added_header").c_str());
}

Answer show_from_files(OfflineQueue& queue, Mid mid) {
  json found;
  queue.for_each([&](const queueing::QueuedMessage& message) {
    if (message.mid == mid) found = control::message_detail(message, SystemClock().wall());
  });
  if (found.is_null()) return std::unexpected(fmt::format("MID {} is not in the queue", mid));
  return found;
}

Answer detail(const config::Config& config, Mid mid) {
  return ask_or_read(config, {{"command", "queue.show"}, {"mid", mid}},
                     [&](OfflineQueue& queue) { return show_from_files(queue, mid); });
}

int queue_show(const Options& options, const QueueOptions& wanted) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto row = detail(*config, wanted.mid);
  if (!row) return fail(row.error());
  if (wanted.as_json)
    print_json(*row);
  else
    print_detail(*row);
  return 0;
}

bool append_hex(std::string& out, const std::string& digits) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  if (digits.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    out += static_cast<char>(value(digits[i]) * 16 + value(digits[i + 1]));
  return true;
}

// Added header and body of a message; at most about `limit` octets of it.
std::expected<std::string, std::string> octets_of(const config::Config& config, Mid mid,
                                                  std::uint64_t limit) {
  auto row = ask_engine(config.admin.socket, {{"command", "queue.show"}, {"mid", mid}});
  if (!row && row.error().fault != AdminFault::not_running)
    return std::unexpected(row.error().text);
  if (!row) {
    auto queue = OfflineQueue::open(config);
    if (!queue) return std::unexpected(queue.error());
    note_offline(config);
    return queue->octets(mid);
  }
  std::string octets = text_of(*row, "added_header");
  const std::uint64_t size = std::min(number_of(*row, "size"), limit);
  for (std::uint64_t offset = 0; offset < size; offset += kOctetsPerRead) {
    auto piece = ask_engine(
        config.admin.socket,
        {{"command", "queue.read"}, {"mid", mid}, {"offset", offset}, {"size", kOctetsPerRead}});
    if (!piece) return std::unexpected(piece.error().text);
    if (!append_hex(octets, text_of(*piece, "octets")))
      return std::unexpected("the engine's answer makes no sense");
  }
  return octets;
}

int queue_headers(const Options& options, const QueueOptions& wanted) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto octets = octets_of(*config, wanted.mid, config->scan.header_bytes_max);
  if (!octets) return fail(octets.error());
  const std::size_t end = octets->find("\r\n\r\n");
  std::string header = octets->substr(0, end == std::string::npos ? end : end + 2);
  std::erase(header, '\r');
  if (wanted.as_json)
    print_json({{"mid", wanted.mid}, {"headers", header}});
  else
    std::fputs(header.c_str(), stdout);
  return 0;
}

std::expected<json, std::string> acting_selector(const QueueOptions& wanted) {
  auto request = selector_json(wanted.selector);
  if (!request) return request;
  if (request->empty() && !wanted.selector.everything)
    return std::unexpected(
        "nothing selects messages: give MIDs or options (see --help), or --everything for all");
  if (!request->empty() && wanted.selector.everything)
    return std::unexpected("--everything and a selector exclude each other");
  return request;
}

int queue_export(const Options& options, const QueueOptions& wanted) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto request = acting_selector(wanted);
  if (!request) return fail(request.error());
  auto rows = selected(*config, *request, UINT64_MAX);
  if (!rows) return fail(rows.error());
  std::error_code error;
  std::filesystem::create_directories(wanted.directory, error);
  json files = json::array();
  for (const json& row : *rows) {
    const auto mid = row["mid"].get<Mid>();
    auto octets = octets_of(*config, mid, UINT64_MAX);
    if (!octets) return fail(octets.error());
    const std::string path = fmt::format("{}/{}.eml", wanted.directory, mid);
    std::ofstream file(path, std::ios::binary);
    file << *octets;
    if (!file.flush()) return fail(path + ": cannot be written");
    files.push_back(path);
  }
  if (wanted.as_json)
    print_json({{"files", files}});
  else
    std::printf("%s written to %s\n", counted(files.size(), "message").c_str(),
                wanted.directory.c_str());
  return 0;
}

// Sends the request for the selection; MIDs in portions that fit.
std::expected<json, std::string> act(const config::Config& config, json request) {
  json done = json::array();
  const auto run = [&]() -> std::expected<void, std::string> {
    auto asked = ask_pages(config, request, [&](json& row, json&) { done.push_back(row); });
    if (asked) return {};
    if (asked.error().fault != AdminFault::not_running) return std::unexpected(asked.error().text);
    return std::unexpected("no engine is running (admin.socket " + config.admin.socket +
                           "): only a running engine changes its queue; nothing was changed");
  };
  const json mids = request.value("mids", json::array());
  for (std::size_t from = 0; from == 0 || from < mids.size(); from += kMidsPerRequest) {
    if (!mids.empty())
      request["mids"] = json(mids.begin() + static_cast<std::ptrdiff_t>(from),
                             mids.begin() + static_cast<std::ptrdiff_t>(
                                                std::min(from + kMidsPerRequest, mids.size())));
    if (auto asked = run(); !asked) return std::unexpected(asked.error());
  }
  return done;
}

int queue_act(const Options& options, const QueueOptions& wanted, const char* command,
              const char* done_word) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto request = acting_selector(wanted);
  if (!request) return fail(request.error());
  (*request)["command"] = command;
  auto done = act(*config, *request);
  if (!done) return fail(done.error());
  if (wanted.as_json)
    print_json({{"mids", *done}});
  else
    std::printf("%s %s\n", counted(done->size(), "message").c_str(), done_word);
  const std::size_t given = request->value("mids", json::array()).size();
  return done->size() < given
             ? fail(fmt::format("{} of the {} messages given are not in the queue, or wait for "
                                "their scan",
                                given - done->size(), given))
             : 0;
}

template <typename Run>
CLI::App* add_verb(CLI::App* parent, Options& options, const char* name, const char* what,
                   const char* example, Run run) {
  auto settings = std::make_shared<QueueOptions>();
  auto* verb = parent->add_subcommand(name, what);
  verb->add_flag("--json", settings->as_json, "as JSON");
  verb->footer(std::string("Example: sluice queue ") + example);
  verb->callback([&options, settings, run] {
    options.run = [&options, settings, run] { return run(options, *settings); };
  });
  const std::string_view word = name;
  if (word == "show" || word == "headers") {
    verb->add_option("mid", settings->mid, "the message")->required();
  } else {
    add_selector(*verb, settings->selector, word != "list");
  }
  if (word == "list") {
    verb->add_option("--from", settings->from, "lowest MID")->capture_default_str();
    verb->add_option("--limit", settings->limit, "rows")
        ->capture_default_str()
        ->check(CLI::Range(1, 1'000'000));
  }
  if (word == "export")
    verb->add_option("--to", settings->directory, "a directory; files are named MID.eml")
        ->required();
  return verb;
}

}  // namespace

void add_queue(CLI::App& app, Options& options) {
  auto* queue = app.add_subcommand("queue", "messages in the queues");
  queue->require_subcommand(1);
  queue->footer("Example: sluice queue list --older-than 4h");
  add_verb(queue, options, "list", "messages in MID order", "list --queue delivery --limit 20",
           queue_list);
  add_verb(queue, options, "show", "one message with its recipients", "show 4711", queue_show);
  add_verb(queue, options, "headers", "the header of one message", "headers 4711", queue_headers);
  add_verb(queue, options, "export", "writes messages to files", "export 4711 --to /tmp/mail",
           queue_export);
  add_verb(queue, options, "delete", "deletes messages, whole; nobody is told",
           "delete --sender \"*@spam.example\" --older-than 1h",
           [](const Options& o, const QueueOptions& wanted) {
             return queue_act(o, wanted, "queue.delete", "deleted");
           });
  add_verb(queue, options, "requeue",
           "tries messages again now; releases those held by a late scan, and poison",
           "requeue --domain example.com", [](const Options& o, const QueueOptions& wanted) {
             return queue_act(o, wanted, "queue.requeue", "requeued");
           });
  add_queue_files(*queue, options);
}

}  // namespace sluice::tools
