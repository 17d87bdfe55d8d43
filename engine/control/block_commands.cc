#include "engine/control/block_commands.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/control/engine.h"
#include "engine/control/mail_log.h"

namespace sluice::control {
namespace {

using nlohmann::json;

constexpr std::uint64_t kPageMax = 1'000;                       // rows of one answer
constexpr std::int64_t kSecondsMax = 100ll * 365 * 24 * 3'600;  // of an entry's life

json fault(std::string text) { return {{"error", std::move(text)}}; }

json outcome(const std::expected<void, std::string>& done) {
  return done ? json{{"ok", true}} : fault(done.error());
}

std::expected<std::vector<Prefix>, std::string> prefixes_of(const json& request) {
  std::vector<Prefix> prefixes;
  for (const json& text : request.at("prefixes")) {
    const auto prefix = Prefix::parse(text.get<std::string>());
    if (!prefix) return std::unexpected(text.dump() + " is not a prefix (write \"192.0.2.0/24\")");
    prefixes.push_back(*prefix);
  }
  if (prefixes.empty()) return std::unexpected("no prefix is given");
  return prefixes;
}

json add(Engine& engine, const json& request) {
  const auto prefixes = prefixes_of(request);
  if (!prefixes) return fault(prefixes.error());
  const auto mode = policy::parse_block_mode(request.value("mode", "drop"));
  if (!mode) return fault("mode is none of drop, rst, refuse");
  WallTime expires = policy::BlockList::kForEver;
  if (request.contains("seconds")) {
    const auto life = request["seconds"].get<std::int64_t>();
    if (life <= 0 || life > kSecondsMax) return fault("the time is out of range");
    expires = SystemClock().wall() + seconds(life);
  }
  return outcome(engine.blocks().add(*prefixes, *mode, expires));
}

json remove(Engine& engine, const json& request) {
  const auto prefixes = prefixes_of(request);
  return prefixes ? outcome(engine.blocks().remove(*prefixes)) : fault(prefixes.error());
}

// Adds up what the workers counted for the slots of the rows.
bool add_hits(Engine& engine, const std::vector<std::uint32_t>& slots, json& rows) {
  for (auto& worker : engine.workers()) {
    auto counted = std::make_shared<std::vector<std::uint64_t>>();
    const bool reached = engine.on_worker(*worker, [counted, slots](worker::Worker& w, Instant) {
      for (const std::uint32_t slot : slots) counted->push_back(w.block_filter().hits(slot));
    });
    if (!reached) return false;
    for (std::size_t i = 0; i < slots.size(); ++i)
      rows[i]["hits"] = rows[i]["hits"].get<std::uint64_t>() + (*counted)[i];
  }
  return true;
}

json list(Engine& engine, const json& request) {
  const auto& entries = engine.blocks().list().entries();
  auto at = entries.begin();
  if (request.contains("after")) {
    const auto after = Prefix::parse(request["after"].get<std::string>());
    if (!after) return fault("\"after\" is not a prefix");
    at = entries.upper_bound(*after);
  }
  const std::uint64_t limit = std::min(request.value("limit", std::uint64_t{100}), kPageMax);
  const WallTime now = SystemClock().wall();
  json rows = json::array();
  std::vector<std::uint32_t> slots;
  for (; at != entries.end() && rows.size() < limit; ++at) {
    const auto& [prefix, entry] = *at;
    const bool for_ever = entry.expires == policy::BlockList::kForEver;
    rows.push_back({{"prefix", prefix.text()},
                    {"mode", policy::block_mode_text(entry.mode)},
                    {"seconds_left", for_ever ? json() : json((entry.expires - now).seconds())},
                    {"hits", std::uint64_t{0}}});
    slots.push_back(entry.slot);
  }
  if (!add_hits(engine, slots, rows)) return fault("a worker did not answer in time");
  return {{"entries", rows},
          {"count", entries.size()},
          {"prefixes_max", engine.blocks().list().entries_max()}};
}

}  // namespace

json block_command(Engine& engine, std::string_view command, const json& request) {
  if (command == "block.add") return add(engine, request);
  if (command == "block.remove") return remove(engine, request);
  if (command == "block.list") return list(engine, request);
  return fault("unknown command \"" + std::string(command) + "\"");
}

}  // namespace sluice::control
