#include "engine/control/admin_commands.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <optional>

#include "engine/control/block_commands.h"
#include "engine/control/engine.h"
#include "engine/control/mail_log.h"
#include "engine/control/queue_json.h"

namespace sluice::control {
namespace {

using nlohmann::json;

constexpr std::uint64_t kPageMax =
    1'000;  // rows of one answer: bounds the time taken from a worker

struct TscBase {  // to give cycles a unit
  std::uint64_t tsc = __rdtsc();
  Instant at = SystemClock().now();
};
const TscBase kTscBase;

double tsc_hz() {
  const auto elapsed = SystemClock().now() - kTscBase.at;
  return static_cast<double>(__rdtsc() - kTscBase.tsc) * 1e9 /
         static_cast<double>(std::max<std::int64_t>(elapsed.ns, 1));
}

json worker_status(const WorkerThread& worker, unsigned cpu) {
  const worker::Counters& c = worker.counters;
  json stages, scl;
  for (std::size_t i = 0; i < worker::kStages; ++i)
    stages[std::string(worker::kStageNames[i])] = worker.ledger.stage(i);
  for (std::size_t i = 0; i < worker::kSclValues; ++i)
    scl[std::to_string(static_cast<int>(i) - 1)] = c.scl[i].get();
  return {{"cpu", cpu},
          {"busy_cycles", worker.ledger.busy()},
          {"idle_cycles", worker.ledger.idle()},
          {"stage_cycles", stages},
          {"scl", scl},
          {"connections", c.connections.get()},
          {"connections_refused", c.connections_refused.get()},
          {"handshakes", c.handshakes.get()},
          {"handshakes_offloaded", c.handshakes_offloaded.get()},
          {"handshakes_refused", c.handshakes_refused.get()},
          {"sessions", c.sessions.get()},
          {"sessions_available", c.sessions_available.get()},
          {"messages_accepted", c.messages_accepted.get()},
          {"messages_rejected", c.messages_rejected.get()},
          {"messages_deferred", c.messages_deferred.get()},
          {"octets_accepted", c.octets_accepted.get()},
          {"recipients_accepted", c.recipients_accepted.get()},
          {"recipients_refused", c.recipients_refused.get()},
          {"i_qmsgs", c.inbound_messages.get()},
          {"d_qmsgs", c.queued_messages.get()},
          {"blocks_available", c.blocks_available.get()},
          {"blocks_low_water", c.blocks_low_water.get()},
          {"syncs", c.syncs.get()},
          {"commits", c.commits.get()},
          {"bytes_written", c.bytes_written.get()},
          {"segments", c.segments.get()},
          {"tcp_connections", c.tcp_connections.get()},
          {"tcp_half_open", c.tcp_half_open.get()},
          {"tcp_time_wait", c.tcp_time_wait.get()},
          {"tcp_retransmitted", c.tcp_retransmitted.get()},
          {"packets_dropped", c.packets_dropped.get()},
          {"packets_not_ours", c.packets_not_ours.get()},
          {"address_conflicts", c.address_conflicts.get()},
          {"dns_asked", c.dns_asked.get()},
          {"dns_from_cache", c.dns_from_cache.get()},
          {"dns_sent", c.dns_sent.get()},
          {"dns_timeouts", c.dns_timeouts.get()},
          {"dns_failures", c.dns_failures.get()},
          {"dns_trust", dns::describe(static_cast<dns::Trust>(c.dns_trust.get()))},
          {"log_events_dropped", worker.events.dropped()}};
}

json status(Engine& engine) {
  json workers = json::array();
  std::uint64_t inbound = 0, delivery = 0;
  for (std::size_t i = 0; i < engine.workers().size(); ++i) {
    const WorkerThread& worker = *engine.workers()[i];
    workers.push_back(worker_status(worker, engine.config().cores.workers[i]));
    inbound += worker.counters.inbound_messages.get();
    delivery += worker.counters.queued_messages.get();
  }
  json ports = json::array();
  if (engine.dpdk() != nullptr)
    for (const net::DpdkPortFacts& port : engine.dpdk()->facts())
      ports.push_back({{"name", port.name},
                       {"driver", port.driver},
                       {"steering", port.steering},
                       {"offloads", port.offloads},
                       {"link_up", port.link_up}});
  return {{"as_of", log_date(SystemClock().wall())},
          {"started", log_date(engine.started())},
          {"tsc_hz", tsc_hz()},
          {"i_qmsgs", inbound},
          {"o_qmsgs", 0},
          {"d_qmsgs", delivery},
          {"workers", workers},
          {"ports", ports}};
}

std::string_view wait_name(smtp::Wait wait) {
  switch (wait) {
    case smtp::Wait::none: return "none";
    case smtp::Wait::input: return "input";
    case smtp::Wait::output_space: return "output_space";
    case smtp::Wait::greeting: return "greeting";
    case smtp::Wait::space: return "space";
    case smtp::Wait::commit: return "commit";
    case smtp::Wait::tls: return "tls";
    case smtp::Wait::finished: return "finished";
  }
  return "?";
}

constexpr std::string_view kNotReached = "a worker did not answer in time";

// Runs `fill` on a worker. The page is shared because a worker that answers too late still writes
// to it; it is read only when the answer came in time. nullopt: it did not.
template <typename Fill>
std::optional<json> ask(Engine& engine, WorkerThread& worker, Fill fill) {
  auto page = std::make_shared<json>(json::array());
  const bool reached = engine.on_worker(
      worker, [page, fill](worker::Worker& w, Instant now) { fill(w, now, *page); });
  if (!reached) return std::nullopt;
  return std::move(*page);
}

// The rows of all workers under `name`, or an error when one cannot be reached.
template <typename Fill>
json ask_all(Engine& engine, const char* name, Fill fill) {
  json rows = json::array();
  for (auto& worker : engine.workers()) {
    auto page = ask(engine, *worker, fill);
    if (!page) return {{"error", kNotReached}};
    for (json& row : *page) rows.push_back(std::move(row));
  }
  return {{name, std::move(rows)}};
}

json queue_list(Engine& engine, const json& request) {
  const Mid from = request.value("from", std::uint64_t{0});
  const std::uint64_t limit = std::min(request.value("limit", std::uint64_t{100}), kPageMax);
  struct Page {
    json& rows;
    std::uint64_t limit;
  };
  json answer = ask_all(engine, "messages", [from, limit](worker::Worker& w, Instant, json& rows) {
    Page page{rows, limit};
    w.shard().visit(
        from,
        [](const queueing::QueuedMessage& message, void* context) {
          auto& out = *static_cast<Page*>(context);
          out.rows.push_back(message_row(message));
          return out.rows.size() < out.limit;
        },
        &page);
  });
  if (answer.contains("error")) return answer;
  auto& rows = answer["messages"].get_ref<json::array_t&>();
  std::sort(rows.begin(), rows.end(),
            [](const json& a, const json& b) { return a["mid"] < b["mid"]; });
  if (rows.size() > limit) rows.resize(limit);
  return answer;
}

json queue_show(Engine& engine, const json& request) {
  const Mid mid = request.value("mid", std::uint64_t{0});
  json answer = ask_all(engine, "messages", [mid](worker::Worker& w, Instant, json& rows) {
    if (const queueing::QueuedMessage* message = w.shard().find(mid))
      rows.push_back(message_detail(*message));
  });
  if (answer.contains("error")) return answer;
  if (!answer["messages"].empty()) return answer["messages"].front();
  return {{"error", "MID " + std::to_string(mid) + " is not in the queue"}};
}

json sessions(Engine& engine, const json& request) {
  const std::uint64_t limit = std::min(request.value("limit", std::uint64_t{100}), kPageMax);
  return ask_all(engine, "sessions", [limit](worker::Worker& w, Instant now, json& rows) {
    w.for_each_session([&](worker::Inbound& session) {
      if (rows.size() < limit)
        rows.push_back({{"icid", session.icid()},
                        {"remote", session.connection().remote().text()},
                        {"state", session.session().state_name()},
                        {"wait", session.begun() ? wait_name(session.session().waiting()) : "dns"},
                        {"seconds", (now - session.since()).seconds()}});
    });
  });
}

json destinations(Engine& engine) {
  return ask_all(engine, "destinations", [](worker::Worker& w, Instant, json& rows) {
    for (const delivery::DestinationStatus& d : w.delivery().status())
      rows.push_back({{"name", d.name},
                      {"active_recipients", d.active_recipients},
                      {"connections", d.connections},
                      {"delivered_recipients", d.delivered_recipients},
                      {"soft_bounced", d.soft_bounced},
                      {"hard_bounced", d.hard_bounced},
                      {"down", d.down}});
  });
}

json dispatch(Engine& engine, const json& request) {
  const std::string command = request.value("command", "");
  if (command == "status") return status(engine);
  if (command == "queue.list") return queue_list(engine, request);
  if (command == "queue.show") return queue_show(engine, request);
  if (command == "sessions") return sessions(engine, request);
  if (command == "destinations") return destinations(engine);
  if (command.starts_with("block.")) return block_command(engine, command, request);
  if (command == "reload") {
    const std::string problem = engine.reload();
    return problem.empty() ? json{{"ok", true}} : json{{"error", problem}};
  }
  return {{"error", "unknown command \"" + command + "\""}};
}

}  // namespace

std::string run_admin_command(Engine& engine, std::string_view request) {
  try {
    // Mail is full of octets that are no UTF-8: they are replaced, never refused.
    return dispatch(engine, json::parse(request))
        .dump(-1, ' ', false, json::error_handler_t::replace);
  } catch (const json::exception& fault) {
    return json{{"error", fault.what()}}.dump(-1, ' ', false, json::error_handler_t::replace);
  }
}

}  // namespace sluice::control
