// Asking the workers for rows, for the files with the commands. A worker is never held up for long:
// what is long is asked for in slices, one command of the control thread each.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "engine/control/engine.h"

namespace sluice::control {

inline constexpr const char* kNotReached = "a worker did not answer in time";

inline nlohmann::json fault(std::string text) { return {{"error", std::move(text)}}; }

// Runs `fill` on a worker. The page is shared because a worker that answers too late still writes
// to it; it is read only when the answer came in time. nullopt: it did not.
template <typename Fill>
std::optional<nlohmann::json> ask(Engine& engine, WorkerThread& worker, Fill fill) {
  auto page = std::make_shared<nlohmann::json>(nlohmann::json::array());
  const bool reached = engine.on_worker(
      worker, [page, fill](worker::Worker& w, Instant now) { fill(w, now, *page); });
  if (!reached) return std::nullopt;
  return std::move(*page);
}

// The rows of all workers under `name`, or an error when one cannot be reached.
template <typename Fill>
nlohmann::json ask_all(Engine& engine, const char* name, Fill fill) {
  auto rows = nlohmann::json::array();
  for (auto& worker : engine.workers()) {
    auto page = ask(engine, *worker, fill);
    if (!page) return fault(kNotReached);
    for (nlohmann::json& row : *page) rows.push_back(std::move(row));
  }
  return {{name, std::move(rows)}};
}

}  // namespace sluice::control
