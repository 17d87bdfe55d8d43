#include "scanners/auto_learn.h"

namespace sluice::scan {
namespace {

constexpr double kEachMin = 3.0;      // points of header and of body, for spam
constexpr double kOppositeMax = 1.0;  // of the classifier, when it says the other thing

}  // namespace

AutoLearn::AutoLearn(const sa::Program& program, const Thresholds& thresholds)
    : thresholds_(thresholds) {
  for (const std::uint32_t index : program.reported()) {
    const sa::Rule& rule = program.rule(index);
    if (rule.flags.no_autolearn || rule.flags.userconf) continue;
    const sa::Kind place = rule.kind == sa::Kind::eval ? rule.call.place : rule.kind;
    const bool meta = place == sa::Kind::meta;  // of both, as there
    const bool header = place == sa::Kind::header;
    const auto points =
        static_cast<double>(rule.flags.learn ? program.score(index) : rule.scores[0]);
    if (points != 0)
      parts_.push_back({index, points, meta || header, meta || !header, rule.flags.learn});
  }
}

std::optional<bayes::Learn> AutoLearn::judge(const sa::RuleScan& scan) const noexcept {
  double points = 0, header = 0, body = 0, learned = 0;
  for (const Part& part : parts_) {
    if (scan.count(part.rule) <= 0) continue;
    if (part.learned) {
      learned += part.points;
      continue;
    }
    points += part.points;
    if (part.header) header += part.points;
    if (part.body) body += part.points;
  }
  if (points >= thresholds_.spam && header >= kEachMin && body >= kEachMin &&
      learned >= -kOppositeMax)
    return bayes::Learn::spam;
  if (points <= thresholds_.ham && learned <= kOppositeMax) return bayes::Learn::ham;
  return {};
}

}  // namespace sluice::scan
