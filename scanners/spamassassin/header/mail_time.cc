#include "scanners/spamassassin/header/mail_time.h"

#include <array>
#include <charconv>
#include <chrono>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || fault != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

std::optional<int> month_of(std::string_view text) {
  for (std::size_t i = 0; i < kMonths.size(); ++i)
    if (equals_ignoring_case(text.substr(0, 3), kMonths[i])) return static_cast<int>(i) + 1;
  return {};
}

// "07:24:34" or "07:24".
std::optional<int> seconds_of(std::string_view text) {
  const std::size_t first = text.find(':');
  if (first == std::string_view::npos) return {};
  const std::size_t second = text.find(':', first + 1);
  const auto hour = number(text.substr(0, first));
  const auto minute = number(text.substr(first + 1, second - first - 1));
  const auto rest =
      second == std::string_view::npos ? std::optional<int>(0) : number(text.substr(second + 1));
  if (!hour || !minute || !rest || *hour > 24 || *minute > 59 || *rest > 60) return {};
  return *hour * 3'600 + *minute * 60 + *rest;
}

// "+0200", or a name of RFC 5322 4.3; unknown ones are UTC.
int zone_seconds(std::string_view text) {
  if (text.size() == 5 && (text[0] == '+' || text[0] == '-')) {
    const auto digits = number(text.substr(1));
    if (!digits) return 0;
    const int seconds = (*digits / 100) * 3'600 + (*digits % 100) * 60;
    return text[0] == '-' ? -seconds : seconds;
  }
  struct Zone {
    std::string_view name;
    int hours;
  };
  constexpr std::array<Zone, 8> kZones{{{"est", -5},
                                        {"edt", -4},
                                        {"cst", -6},
                                        {"cdt", -5},
                                        {"mst", -7},
                                        {"mdt", -6},
                                        {"pst", -8},
                                        {"pdt", -7}}};
  for (const Zone& zone : kZones)
    if (equals_ignoring_case(text, zone.name)) return zone.hours * 3'600;
  return 0;
}

int full_year(int year) { return year < 50 ? year + 2'000 : year < 1'000 ? year + 1'900 : year; }

}  // namespace

std::optional<std::int64_t> parse_mail_time(std::string_view text) {
  // The name of the day may stand before a comma, with or without a space.
  if (const std::size_t comma = text.find(','); comma != std::string_view::npos && comma < 12)
    text.remove_prefix(comma + 1);
  std::string_view word = next_word(text);
  if (!number(word) && !month_of(word)) word = next_word(text);  // "Fri 14 Mar …"
  std::optional<int> day = number(word), month, year;
  if (day) {
    month = month_of(next_word(text));
  } else {  // "Mar 14 …", as asctime() writes it
    month = month_of(word);
    day = number(next_word(text));
  }
  word = next_word(text);
  std::optional<int> seconds = seconds_of(word);
  if (seconds) {
    year = number(next_word(text));
  } else {
    year = number(word);
    seconds = seconds_of(next_word(text));
  }
  if (!day || !month || !year || !seconds || *year < 0 || *year > 9'999) return {};
  const std::chrono::year_month_day date{std::chrono::year(full_year(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (*day < 1 || !date.ok()) return {};
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return std::int64_t{days} * 86'400 + *seconds - zone_seconds(next_word(text));
}

}  // namespace sluice::scan::sa
