#include "engine/worker/poison.h"

#include <fmt/format.h>
#include <algorithm>
#include <fstream>
#include <sstream>

#include "engine/base/atomic_file.h"

namespace sluice::worker {
namespace {

constexpr std::size_t kSuspectsMax = 1'000;  // the oldest are forgotten

}  // namespace

std::vector<Poison::Suspect> Poison::parse(std::string_view text) {
  std::vector<Suspect> suspects;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line) && suspects.size() < kSuspectsMax;) {
    std::istringstream words(line);
    Suspect suspect;
    std::string work;
    if (!(words >> suspect.mid >> work >> suspect.times >> suspect.last)) continue;
    for (const queueing::Work known :
         {queueing::Work::scan, queueing::Work::delivery, queueing::Work::arrival})
      if (work == queueing::name_of(known)) suspect.work = known;
    suspects.push_back(suspect);
  }
  return suspects;
}

std::string Poison::text_of(const std::vector<Suspect>& suspects) {
  std::string text;
  for (const Suspect& suspect : suspects)
    text += fmt::format("{} {} {} {}\n", suspect.mid, queueing::name_of(suspect.work),
                        suspect.times, suspect.last);
  return text;
}

// Adds this time to those before.
std::uint32_t Poison::count(queueing::Shard& shard, mail::EventSink& events, WallTime wall) const {
  std::ifstream file(path_);
  std::ostringstream content;
  content << file.rdbuf();
  std::vector<Suspect> suspects = parse(content.str());
  std::erase_if(suspects, [&](const Suspect& s) { return shard.find(s.mid) == nullptr; });
  auto found = std::ranges::find(suspects, left_.mid, &Suspect::mid);
  if (found == suspects.end()) found = suspects.insert(found, Suspect{.mid = left_.mid});
  found->work = left_.work;
  found->last = wall.unix_seconds();
  const std::uint32_t times = ++found->times;
  if (suspects.size() > kSuspectsMax) suspects.erase(suspects.begin());
  if (auto stored = replace_file(path_, text_of(suspects)); !stored)
    events.emit({.kind = mail::EventKind::engine_warning, .text = {stored.error()}});
  return times;
}

bool Poison::judge(queueing::Shard& shard, mail::EventSink& events, Instant now, WallTime wall) {
  if (shard.find(left_.mid) == nullptr) {
    if (left_.work == queueing::Work::arrival)  // it has no 250: its sender will come again
      events.emit({.kind = mail::EventKind::arrival_suspect, .icid = left_.icid, .mid = left_.mid});
    return true;
  }
  if (times_ == 0) {
    times_ = count(shard, events, wall);
    since_ = now;
  }
  bool aside = false;
  if (times_ >= kTimesMax) {  // the queue may have no room yet, right after its start
    aside = shard.set_stage(left_.mid, {.stage = queueing::Stage::poison, .scl = {}, .stamps = {}});
    if (!aside && now < since_ + kPatience) return false;
  }
  events.emit({.kind = mail::EventKind::queue_suspect,
               .mid = left_.mid,
               .number = times_,
               .text = {queueing::name_of(left_.work), aside ? "set aside" : ""}});
  return true;
}

}  // namespace sluice::worker
