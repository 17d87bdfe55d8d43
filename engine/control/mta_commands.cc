#include "engine/control/mta_commands.h"

#include <fmt/format.h>

#include "engine/control/ask_worker.h"
#include "engine/control/operator_state.h"

namespace sluice::control {
namespace {

using nlohmann::json;

constexpr const char* kLate = "it is stored, but a worker has not taken it over yet";

Decision decision_by(const std::string& by) { return {SystemClock().wall(), by}; }

// What a change has come to: applied everywhere, stored only, or refused.
json outcome(Engine& engine, const std::expected<bool, std::string>& changed, const std::string& by,
             const std::string& what) {
  if (!changed) return fault(changed.error());
  if (!engine.direct_workers()) return fault(kLate);
  if (*changed) engine.log_action(by, what);
  return {{"ok", true}, {"changed", *changed}};
}

json set_pause(Engine& engine, const json& request, const std::string& by) {
  const std::string name = request.at("what").get<std::string>();
  const bool paused = request.at("paused").get<bool>();
  for (std::size_t i = 0; i < kPauses; ++i) {
    if (kPauseNames[i] != name) continue;
    const auto which = static_cast<Pause>(i);
    if (which == Pause::delivery && !paused && engine.config().delivery.paused)
      return fault(
          "delivery is paused by the configuration too: take \"paused = true\" out of "
          "[delivery] of " +
          engine.config().path + " and reload");
    return outcome(engine, engine.operator_state().set_pause(which, paused, decision_by(by)), by,
                   fmt::format("{} {}", name, paused ? "paused" : "resumed"));
  }
  return fault("\"" + name + "\" is none of accept, scan, delivery");
}

json flush(Engine& engine, const std::string& by) {
  for (auto& worker : engine.workers())
    if (!engine.on_worker(*worker, [](worker::Worker& w, Instant) { w.flush(); }))
      return fault(kNotReached);
  engine.log_action(by, "delivery queue flushed");
  return {{"ok", true}};
}

json change_host(Engine& engine, std::string_view command, const json& request,
                 const std::string& by) {
  const std::string host = canonical_host(request.at("host").get<std::string>());
  if (host.empty()) return fault("\"" + request["host"].get<std::string>() + "\" is not a host");
  OperatorState& state = engine.operator_state();
  if (command == "mta.hold")
    return outcome(engine, state.hold(host, decision_by(by)), by, "host " + host + " held");
  if (command == "mta.release")
    return outcome(engine, state.release(host), by, "host " + host + " released");
  const std::string wanted = request.value("to", "");
  const std::string to = canonical_redirect(wanted);
  if (to.empty() != wanted.empty())
    return fault("\"" + wanted + "\" is neither a host nor a next hop like 192.0.2.25:25");
  if (to == host) return fault("a host cannot be redirected to itself");
  return outcome(
      engine, state.redirect(host, to, decision_by(by)), by,
      to.empty() ? "redirect of host " + host + " ended" : "host " + host + " redirected to " + to);
}

json decided(const Decision& decision) {
  return {{"since", log_date(decision.since)}, {"by", decision.by}};
}

}  // namespace

json pauses_json(const OperatorState& state, bool delivery_paused_by_config) {
  json all;
  for (std::size_t i = 0; i < kPauses; ++i) {
    const PauseState& pause = state.pause(static_cast<Pause>(i));
    json row{{"paused", pause.paused}};
    if (pause.since.ns != 0) row.update(decided(pause));
    all[std::string(kPauseNames[i])] = row;
  }
  json& delivery = all["delivery"];
  delivery["paused_by_configuration"] = delivery_paused_by_config;
  return all;
}

json directives_json(const OperatorState& state) {
  json held = json::array(), redirects = json::array();
  for (const HeldHost& host : state.held()) {
    held.push_back(decided(host));
    held.back()["host"] = host.host;
  }
  for (const RedirectedHost& host : state.redirects()) {
    redirects.push_back(decided(host));
    redirects.back()["host"] = host.host;
    redirects.back()["to"] = host.to;
  }
  return {{"held", held}, {"redirects", redirects}};
}

json mta_command(Engine& engine, std::string_view command, const json& request,
                 const std::string& by) {
  if (command == "mta.pauses")
    return pauses_json(engine.operator_state(), engine.config().delivery.paused);
  if (command == "mta.directives") return directives_json(engine.operator_state());
  if (command == "mta.pause") return set_pause(engine, request, by);
  if (command == "mta.flush") return flush(engine, by);
  if (command == "mta.hold" || command == "mta.release" || command == "mta.redirect")
    return change_host(engine, command, request, by);
  return fault("unknown command \"" + std::string(command) + "\"");
}

}  // namespace sluice::control
