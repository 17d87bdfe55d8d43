// Functions about the text of a message.
#include <algorithm>
#include <array>
#include <bit>

#include "scanners/spamassassin/eval.h"

namespace sluice::scan::sa {
namespace {

const TextFacts& facts(const MessageEvidence& message) { return message.gathered.text().facts(); }

int check_body_length(const MessageEvidence& message, const Arguments& arguments) {
  return static_cast<double>(message.gathered.message().body_octets) <= arguments.number(0);
}

int tvd_vertical_words(const MessageEvidence& message, const Arguments& arguments) {
  const int percent = facts(message).spaces_percent_max;
  const double most = arguments.number(1) >= 100 ? 101 : arguments.number(1);
  return percent >= arguments.number(0) && percent < most;
}

// check_blank_line_ratio('above', 'up to', 'of so many lines at least')
int check_blank_line_ratio(const MessageEvidence& message, const Arguments& arguments) {
  const TextFacts& text = facts(message);
  const double lines_min = std::max(1.0, arguments.number(2, 1));
  const auto lines = static_cast<double>(text.lines);
  const double percent =
      lines < lines_min ? -1 : 100 * static_cast<double>(text.blank_lines) / lines;
  return percent <= arguments.number(1) &&
         (arguments.number(0) == 0 || percent > arguments.number(0));
}

int check_stock_info(const MessageEvidence& message, const Arguments& arguments) {
  return std::popcount(facts(message).stock_words) >= arguments.number(0);
}

struct Difference {
  double percent = 0;  // of the words in HTML that the text does not have as often
  double html_words = 0;
  double text_words = 0;
};

Difference difference_of(const MessageEvidence& message) {
  Difference difference;
  const auto& nodes = message.gathered.mime().nodes();
  // An invitation has its text in the HTML alone.
  if (nodes.size() == 3 && nodes[0].type == "multipart/alternative" &&
      nodes[1].type == "text/html" && nodes[2].type == "text/calendar")
    return difference;
  for (const Alternative& one : message.gathered.text().alternatives()) {
    if (one.html.empty()) continue;
    difference.html_words = static_cast<double>(one.html.size());
    difference.text_words = static_cast<double>(one.text.size());
    difference.percent = std::max(difference.percent,
                                  100 * static_cast<double>(one.lacking) / difference.html_words);
  }
  return difference;
}

int multipart_alternative_difference(const MessageEvidence& message, const Arguments& arguments) {
  const double percent = difference_of(message).percent;
  return (arguments.number(0) == 0 || percent > arguments.number(0)) &&
         (arguments[1] == "undef" || percent <= arguments.number(1));
}

int multipart_alternative_difference_count(const MessageEvidence& message,
                                           const Arguments& arguments) {
  const Difference difference = difference_of(message);
  return difference.html_words > arguments.number(1) &&
         difference.text_words > arguments.number(0) * difference.html_words;
}

constexpr auto kEvals = std::to_array<NamedEval>({
    {"check_blank_line_ratio", check_blank_line_ratio},
    {"check_body_length", check_body_length},
    {"check_stock_info", check_stock_info},
    {"multipart_alternative_difference", multipart_alternative_difference},
    {"multipart_alternative_difference_count", multipart_alternative_difference_count},
    {"tvd_vertical_words", tvd_vertical_words},
});

}  // namespace

std::span<const NamedEval> body_evals() noexcept { return kEvals; }

}  // namespace sluice::scan::sa
