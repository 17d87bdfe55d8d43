// The queue as its files say, for the commands that only look, while no engine runs.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/config/config.h"
#include "engine/control/host_answers.h"
#include "queueing/inspect.h"
#include "tools/sluice/admin_client.h"
#include "tools/sluice/report.h"

namespace sluice::tools {

class OfflineQueue {
 public:
  static std::expected<OfflineQueue, std::string> open(const config::Config& config);

  void for_each(const queueing::MessageVisitor& visit);
  nlohmann::json sizes() const;  // i_qmsgs, o_qmsgs, d_qmsgs
  nlohmann::json hosts() const;  // rows of tophosts
  nlohmann::json recipients(const std::string& host);
  const control::HostAnswers& answers() const noexcept { return answers_; }
  // The octets of a message: added header and body.
  std::expected<std::string, std::string> octets(Mid mid);

 private:
  std::vector<std::unique_ptr<queueing::Inspection>> shards_;
  control::HostAnswers answers_;
};

using Answer = std::expected<nlohmann::json, std::string>;

// From the engine; when none runs, from its files, and says so on stderr.
Answer ask_or_read(const config::Config& config, const nlohmann::json& request,
                   const std::function<Answer(OfflineQueue&)>& read);
// All pages of a listing: the rows one by one.
std::expected<void, AdminError> ask_pages(
    const config::Config& config, nlohmann::json request,
    const std::function<void(nlohmann::json& row, nlohmann::json& request)>& take);
// For commands that change something: they need the engine.
Answer ask_running(const config::Config& config, const nlohmann::json& request);

void note_offline(const config::Config& config);
std::string text_of(const nlohmann::json& row, const char* key);      // "" when it is not there
std::uint64_t number_of(const nlohmann::json& row, const char* key);  // 0
std::string age_text(std::int64_t seconds);                           // "3d 4h", "5m 10s"
std::string date_text(std::int64_t unix_seconds);

}  // namespace sluice::tools
