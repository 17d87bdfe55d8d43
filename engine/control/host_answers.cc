#include "engine/control/host_answers.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include "engine/base/atomic_file.h"

namespace sluice::control {
namespace {

using nlohmann::json;

constexpr const char* kFileName = "/host_answers";
constexpr int kVersion = 1;

std::int64_t time_of(const json& host) { return host.at("last_answer").at("at"); }

bool is_answer(const json& value) {
  return value.is_object() && value.contains("at") && value["at"].is_number_integer() &&
         value.contains("text") && value["text"].is_string();
}

bool is_host(const json& value) {
  return value.is_object() && value.contains("last_answer") && is_answer(value["last_answer"]) &&
         value.contains("down") && value["down"].is_boolean() &&
         (!value.contains("last_5xx") || is_answer(value["last_5xx"]));
}

}  // namespace

HostAnswers HostAnswers::load(const std::string& queue_directory) {
  HostAnswers answers;
  answers.path_ = queue_directory + kFileName;
  std::ifstream file(answers.path_);
  const json all = file ? json::parse(file, nullptr, false) : json();
  if (!all.is_object() || all.value("version", 0) != kVersion || !all.contains("hosts"))
    return answers;
  for (const auto& [name, host] : all["hosts"].items())
    if (is_host(host)) answers.hosts_[name] = host;
  answers.forget_oldest();
  answers.changed_ = false;
  return answers;
}

void HostAnswers::note(const json& row) {
  if (!row.contains("last_answer")) return;
  json& host = hosts_[row.at("host").get<std::string>()];
  if (host.contains("last_answer") && time_of(host) >= time_of(row)) return;
  for (const char* key : {"down", "last_answer", "last_5xx"})
    if (row.contains(key)) host[key] = row[key];
  changed_ = true;
  forget_oldest();
}

void HostAnswers::complete(json& row) const {
  const auto known = hosts_.find(row.at("host").get<std::string>());
  if (known == hosts_.end()) return;
  const json& host = known->second;
  if (!row.contains("last_answer")) {
    row["last_answer"] = host["last_answer"];
    row["down"] = host["down"];
  }
  if (!row.contains("last_5xx") && host.contains("last_5xx")) row["last_5xx"] = host["last_5xx"];
}

bool HostAnswers::is_time(Instant now, Duration period) noexcept {
  if (now < last_time_ + period) return false;
  last_time_ = now;
  return true;
}

std::expected<void, std::string> HostAnswers::store() {
  if (!changed_) return {};
  const json all{{"version", kVersion}, {"hosts", hosts_}};
  auto stored = replace_file(path_, all.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
  changed_ = !stored;
  return stored;
}

// A tenth at a time, so that it is not looked for with every answer.
void HostAnswers::forget_oldest() {
  if (hosts_.size() <= kHostsMax + kHostsMax / 10) return;
  std::vector<std::int64_t> times;
  for (const auto& [name, host] : hosts_) times.push_back(time_of(host));
  const auto kept = times.end() - static_cast<std::ptrdiff_t>(kHostsMax);
  std::ranges::nth_element(times, kept);
  const std::int64_t oldest = *kept;
  std::erase_if(hosts_, [&](const auto& item) { return time_of(item.second) < oldest; });
}

}  // namespace sluice::control
