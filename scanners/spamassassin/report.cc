#include "scanners/spamassassin/report.h"

#include <algorithm>

#include <fmt/format.h>

#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

constexpr std::size_t kLineWidth = 78;
constexpr std::size_t kDescriptionWidth = 50;
constexpr std::size_t kLevelMax = 50;  // stars

const char* what(Kind kind) noexcept {
  switch (kind) {
    case Kind::header:
    case Kind::mimeheader: return "";
    case Kind::body: return "BODY: ";
    case Kind::rawbody: return "RAW: ";
    case Kind::full: return "FULL: ";
    case Kind::uri: return "URI: ";
    case Kind::meta:
    case Kind::eval: return "";
  }
  return "";
}

// Words in lines of a width, the further ones below the first.
std::string folded(std::string_view text, std::size_t width, std::string_view between) {
  std::string out;
  std::size_t column = 0;
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
    if (column > 0 && column + 1 + word.size() > width) {
      out += between;
      column = 0;
    } else if (column > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

template <typename Visit>
void for_each_scored(const Program& program, const WholeMessageScanner::Report& report,
                     Visit&& visit) {
  for (const auto& hit : report.hits)
    if (const Rule& rule = program.rule(hit.rule); !rule.helper())
      visit(rule, static_cast<double>(program.score(hit.rule)));
}

}  // namespace

std::string rule_names(const Program& program, const WholeMessageScanner::Report& report) {
  std::string names;
  for_each_scored(program, report, [&](const Rule& rule, double) {
    if (!names.empty()) names += ',';
    names += rule.name;
  });
  return names;
}

std::string report_text(const Program& program, const WholeMessageScanner::Report& report,
                        double required) {
  std::string text = fmt::format(
      "Content analysis details:   ({:.1f} points, {:.1f} required)\n\n"
      " pts rule name              description\n"
      "---- ---------------------- --------------------------------------------------\n",
      report.score, required);
  for_each_scored(program, report, [&](const Rule& rule, double score) {
    const std::string description =
        what(rule.kind == Kind::eval ? rule.call.place : rule.kind) +
        (rule.description.empty() ? std::string("No description available.") : rule.description);
    text += fmt::format("{:4.1f} {:<22} {}\n", score, rule.name,
                        folded(description, kDescriptionWidth, "\n                            "));
    if (rule.call.function == "check_bayes")
      text +=
          fmt::format("                            [score: {:.4f}]\n", report.opinion.probability);
  });
  return text;
}

std::string status_fields(const Program& program, const WholeMessageScanner::Report& report,
                          double required, std::string_view line_end) {
  const bool spam = report.score >= required;
  std::string fields;
  if (spam) fields.append("X-Spam-Flag: YES").append(line_end);
  const auto stars = std::min(static_cast<std::size_t>(std::max(report.score, 0.0)), kLevelMax);
  if (stars > 0) fields.append("X-Spam-Level: ").append(stars, '*').append(line_end);
  std::string names = rule_names(program, report);
  if (names.empty()) names = "none";
  fields += fmt::format("X-Spam-Status: {}, score={:.1f} required={:.1f}", spam ? "Yes" : "No",
                        report.score, required);
  fields.append(line_end).append("\ttests=");
  std::size_t column = 14;
  std::string_view rest = names;
  while (!rest.empty()) {
    const std::string_view name = rest.substr(0, rest.find(','));
    const bool last = name.size() == rest.size();
    if (column + name.size() + 1 > kLineWidth) {
      fields.append(line_end).append("\t");
      column = 8;
    }
    fields.append(name).append(last ? "" : ",");
    column += name.size() + 1;
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
  return fields.append(" version=Sluice").append(line_end);
}

}  // namespace sluice::scan::sa
