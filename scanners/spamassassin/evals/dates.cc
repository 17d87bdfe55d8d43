// Functions about Date and the dates of Received fields.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/eval.h"
#include "scanners/spamassassin/mail_time.h"

namespace sluice::scan::sa {
namespace {

std::optional<std::int64_t> date_of(const MessageEvidence& message) {
  for (const char* field : {"Resent-Date", "Date"}) {
    for (std::size_t i = 0; i < message.headers.size(); ++i) {
      const auto found = message.headers.field(i);
      if (!equals_ignoring_case(found.name, field)) continue;
      if (const auto time = parse_mail_time(found.value)) return time;
    }
  }
  return std::nullopt;
}

// Seconds from the nearest date of a Received field to that of the message; 0 when either is
// missing.
std::int64_t date_shift(const MessageEvidence& message) {
  const auto date = date_of(message);
  if (!date) return 0;
  std::vector<std::int64_t> shifts;
  for (std::size_t i = 0; i < message.headers.size(); ++i) {
    const auto field = message.headers.field(i);
    if (!equals_ignoring_case(field.name, "Received")) continue;
    const std::size_t semicolon = field.value.rfind(';');
    if (semicolon == std::string_view::npos) continue;
    if (const auto time = parse_mail_time(field.value.substr(semicolon + 1)))
      shifts.push_back(*date - *time);
  }
  // The oldest hop is the client itself when it says the very time of the message.
  if (shifts.size() > 1 && shifts.back() == 0) shifts.pop_back();
  if (shifts.empty()) return 0;
  return *std::ranges::min_element(shifts, {}, [](std::int64_t shift) { return std::abs(shift); });
}

// check_for_shifted_date('least', 'most') in hours; either may be 'undef'.
int check_for_shifted_date(const MessageEvidence& message, Arguments arguments) {
  if (arguments.size() < 2) return 0;
  const std::int64_t shift = date_shift(message);
  const auto hours = [](const std::string& text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return 3'600 * value;
  };
  return (arguments[0] == "undef" || shift >= hours(arguments[0])) &&
         (arguments[1] == "undef" || shift < hours(arguments[1]));
}

constexpr auto kEvals =
    std::to_array<NamedEval>({{"check_for_shifted_date", check_for_shifted_date}});

}  // namespace

std::span<const NamedEval> date_evals() noexcept { return kEvals; }

}  // namespace sluice::scan::sa
