#include "engine/control/tls_reports.h"

#include <fstream>
#include <sstream>

#include "engine/base/atomic_file.h"
#include "engine/control/tls_report_json.h"

namespace sluice::control {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
constexpr std::int64_t kDaySeconds = 24 * 3600;

WallTime wall_seconds(std::int64_t seconds) { return {seconds * 1'000'000'000}; }

json day_json(const TlsReports::Day& day) {
  return {{"begins", day.begins.unix_seconds()},
          {"ends", day.ends.unix_seconds()},
          {"send_at", day.send_at.unix_seconds()},
          {"domains", tally_json(day.tally)}};
}

TlsReports::Day read_day(const json& from, std::size_t domains_max) {
  TlsReports::Day day;
  day.begins = wall_seconds(from.at("begins").get<std::int64_t>());
  day.ends = wall_seconds(from.at("ends").get<std::int64_t>());
  day.send_at = wall_seconds(from.at("send_at").get<std::int64_t>());
  day.tally.limit(domains_max);
  add_tally(from.at("domains"), day.tally);
  return day;
}

}  // namespace

std::string TlsReports::open(std::string path, WallTime now) {
  path_ = std::move(path);
  begin_day(now);
  std::ifstream file(path_);
  if (!file) return {};
  std::ostringstream content;
  content << file.rdbuf();
  try {
    const json stored = json::parse(content.str());
    if (stored.at("version") != kVersion) return path_ + ": of another version; not read";
    Day today = read_day(stored.at("today"), domains_max_);
    for (const json& day : stored.at("closed")) closed_.push_back(read_day(day, domains_max_));
    today_ = std::move(today);
  } catch (const json::exception& fault) {
    closed_.clear();
    return path_ + ": " + fault.what();
  }
  return {};
}

void TlsReports::configure(std::size_t domains_max, Duration delay_max) {
  domains_max_ = domains_max;
  delay_max_ = delay_max;
  today_.tally.limit(domains_max);
}

void TlsReports::begin_day(WallTime now) {
  const std::int64_t seconds = now.unix_seconds();
  today_ = {.begins = wall_seconds(seconds - seconds % kDaySeconds),
            .ends = wall_seconds(seconds - seconds % kDaySeconds + kDaySeconds)};
  today_.tally.limit(domains_max_);
}

void TlsReports::merge(const delivery::TlsTally& tally) {
  if (tally.empty()) return;
  today_.tally.merge(tally);
  changed_ = true;
}

void TlsReports::roll(WallTime now, Random& random, bool early) {
  const bool over = now >= today_.ends || now < today_.begins;  // or the clock was set back
  if (!over && !early) return;
  Day day = std::move(today_);
  begin_day(now);
  if (!over) {
    day.ends = now;
    today_.begins = now;
  }
  if (day.tally.domains().empty()) return;
  const auto spread = early ? 0 : static_cast<std::uint64_t>(delay_max_.ns);
  day.send_at = now + Duration{spread == 0 ? 0 : static_cast<std::int64_t>(random.below(spread))};
  closed_.push_back(std::move(day));
  if (closed_.size() > kDaysMax) closed_.pop_front();
  changed_ = true;
}

std::optional<TlsReports::Due> TlsReports::next_due(WallTime now) {
  for (auto day = closed_.begin(); day != closed_.end(); ++day) {
    if (day->send_at > now) continue;
    changed_ = true;
    auto next = day->tally.take_domain();
    if (!next) {
      closed_.erase(day);
      return next_due(now);
    }
    return Due{day->begins, day->ends, std::move(next->first), std::move(next->second)};
  }
  return {};
}

std::string TlsReports::store() {
  if (!changed_) return {};
  json closed = json::array();
  for (const Day& day : closed_) closed.push_back(day_json(day));
  const json all = {{"version", kVersion}, {"today", day_json(today_)}, {"closed", closed}};
  const auto stored = replace_file(path_, all.dump(-1, ' ', false, json::error_handler_t::replace));
  changed_ = !stored;
  return stored ? std::string() : stored.error();
}

}  // namespace sluice::control
