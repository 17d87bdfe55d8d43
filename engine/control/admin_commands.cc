#include "engine/control/admin_commands.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <tuple>

#include "engine/control/ask_worker.h"
#include "engine/control/block_commands.h"
#include "engine/control/certificate_commands.h"
#include "engine/control/host_commands.h"
#include "engine/control/mail_log.h"
#include "engine/control/mta_commands.h"
#include "engine/control/queue_commands.h"

namespace sluice::control {
namespace {

using nlohmann::json;

constexpr std::uint64_t kPageMax = 1'000;  // rows of one answer: bounds the time of a worker

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
  json stages, longest, scl;
  for (std::size_t i = 0; i < worker::kStages; ++i) {
    stages[std::string(worker::kStageNames[i])] = worker.ledger.stage(i);
    longest[std::string(worker::kStageNames[i])] = worker.ledger.longest(i);
  }
  for (std::size_t i = 0; i < worker::kSclValues; ++i)
    scl[std::to_string(static_cast<int>(i) - 1)] = c.scl[i].get();
  return {{"cpu", cpu},
          {"busy_cycles", worker.ledger.busy()},
          {"idle_cycles", worker.ledger.idle()},
          {"busy_ticks", worker.ledger.busy_ticks()},
          {"stage_cycles", stages},
          {"stage_cycles_longest", longest},
          {"scl", scl},
          {"connections", c.connections.get()},
          {"connections_refused", c.connections_refused.get()},
          {"handshakes", c.handshakes.get()},
          {"handshakes_offloaded", c.handshakes_offloaded.get()},
          {"handshakes_refused", c.handshakes_refused.get()},
          {"sessions", c.sessions.get()},
          {"sessions_available", c.sessions_available.get()},
          {"messages_accepted", c.messages_accepted.get()},
          {"messages_quarantined", c.messages_quarantined.get()},
          {"messages_discarded", c.messages_discarded.get()},
          {"messages_rejected", c.messages_rejected.get()},
          {"messages_deferred", c.messages_deferred.get()},
          {"known_texts_hits", c.known_texts_hits.get()},
          {"known_texts_misses", c.known_texts_misses.get()},
          {"known_texts_evictions", c.known_texts_evictions.get()},
          {"octets_accepted", c.octets_accepted.get()},
          {"recipients_accepted", c.recipients_accepted.get()},
          {"recipients_refused", c.recipients_refused.get()},
          {"arriving", c.arriving.get()},
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

struct ShardState {
  queueing::QueueSizes sizes{};
  std::optional<queueing::QueueFault> fault;
  worker::BackPressure::Readings pressure{};
};

// Of two workers.
worker::BackPressure::Reading harder(const worker::BackPressure::Reading& a,
                                     const worker::BackPressure::Reading& b) {
  return std::tie(a.level, a.value) < std::tie(b.level, b.value) ? b : a;
}

json pressure_json(const worker::BackPressure::Readings& readings) {
  json rows = json::object();
  for (std::size_t i = 0; i < readings.size(); ++i) {
    const auto resource = static_cast<worker::Resource>(i);
    rows[worker::name_of(resource)] = {{"level", worker::name_of(readings[i].level)},
                                       {"value", readings[i].value},
                                       {"text", worker::describe(resource, readings[i])}};
  }
  return rows;
}

// Asked of the workers themselves: the gauges are up to a sleep old.
std::optional<json> queue_states(Engine& engine) {
  queueing::QueueSizes sum{};
  worker::BackPressure::Readings pressure{};
  json faults = json::array();
  for (std::size_t index = 0; index < engine.workers().size(); ++index) {
    auto state = std::make_shared<ShardState>();
    if (!engine.on_worker(*engine.workers()[index], [state](worker::Worker& w, Instant) {
          *state = {w.shard().counts().queues, w.shard().fault(), w.back_pressure().readings()};
        }))
      return std::nullopt;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += state->sizes[i];
    for (std::size_t i = 0; i < pressure.size(); ++i)
      pressure[i] = harder(pressure[i], state->pressure[i]);
    if (state->fault)
      faults.push_back(fmt::format("shard-{}: {}", index, queueing::describe(*state->fault)));
  }
  return json{{"i_qmsgs", sum[0]},
              {"o_qmsgs", sum[1]},
              {"d_qmsgs", sum[2]},
              {"queue_faults", faults},
              {"back_pressure", pressure_json(pressure)}};
}

json status(Engine& engine) {
  json workers = json::array();
  for (std::size_t i = 0; i < engine.workers().size(); ++i)
    workers.push_back(worker_status(*engine.workers()[i], engine.config().cores.workers[i]));
  auto answer = queue_states(engine);
  if (!answer) return fault(kNotReached);
  json ports = json::array();
  if (engine.dpdk() != nullptr)
    for (const net::DpdkPortFacts& port : engine.dpdk()->facts())
      ports.push_back({{"name", port.name},
                       {"driver", port.driver},
                       {"steering", port.steering},
                       {"offloads", port.offloads},
                       {"link_up", port.link_up}});
  answer->update({{"as_of", log_date(SystemClock().wall())},
                  {"started", log_date(engine.started())},
                  {"tsc_hz", tsc_hz()},
                  {"workers", workers},
                  {"ports", ports},
                  {"certificate_warnings", certificates_in_use(engine)["warnings"]}});
  (*answer)["pauses"] = pauses_json(engine.operator_state(), engine.config().delivery.paused);
  return *answer;
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

json dispatch(Engine& engine, const json& request, const std::string& by) {
  const std::string command = request.value("command", "");
  if (command == "status") return status(engine);
  if (command.starts_with("mta.")) return mta_command(engine, command, request, by);
  if (command.starts_with("host.")) return host_command(engine, command, request, by);
  if (command.starts_with("queue.")) return queue_command(engine, command, request, by);
  if (command == "sessions") return sessions(engine, request);
  if (command == "destinations") return destinations(engine);
  if (command == "certificates") return certificates_in_use(engine);
  if (command.starts_with("block.")) return block_command(engine, command, request);
  if (command == "tlsrpt.show") return engine.tls_reporter().show(SystemClock().wall());
  if (command == "tlsrpt.send") return engine.tls_reporter().send(SystemClock().wall());
  if (command == "reload" || command == "certificates.reload") {
    const std::string problem =
        command == "reload" ? engine.reload() : engine.reload_certificates();
    return problem.empty() ? json{{"ok", true}} : json{{"error", problem}};
  }
  return {{"error", "unknown command \"" + command + "\""}};
}

}  // namespace

std::string run_admin_command(Engine& engine, std::string_view request, const std::string& by) {
  try {
    // Mail is full of octets that are no UTF-8: they are replaced, never refused.
    return dispatch(engine, json::parse(request), by)
        .dump(-1, ' ', false, json::error_handler_t::replace);
  } catch (const json::exception& fault) {
    return json{{"error", fault.what()}}.dump(-1, ' ', false, json::error_handler_t::replace);
  }
}

}  // namespace sluice::control
