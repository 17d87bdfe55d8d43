// What recipient hosts have said last, over restarts: a JSON file in the queue's directory. The
// workers know what came since the start; where they know nothing, this is asked.
#pragma once

#include <expected>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/clock.h"

namespace sluice::control {

class HostAnswers {
 public:
  static constexpr std::size_t kHostsMax = 4'096;  // the newest answers

  // Those of a queue's directory; without a file, or with one that cannot be read, there are none.
  static HostAnswers load(const std::string& queue_directory);

  // Takes over what a row of host_row() says, when it is newer.
  void note(const nlohmann::json& row);
  // Adds to the row of a host what it does not know itself.
  void complete(nlohmann::json& row) const;
  // Has the period passed since this was true?
  bool is_time(Instant now, Duration period) noexcept;
  // Writes the file when something has changed.
  std::expected<void, std::string> store();

 private:
  void forget_oldest();

  std::string path_;
  std::map<std::string, nlohmann::json> hosts_;  // "down", "last_answer", "last_5xx"
  bool changed_ = false;
  Instant last_time_{};
};

}  // namespace sluice::control
