// Functions about Date and the dates of Received fields.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/eval.h"
#include "scanners/spamassassin/header/mail_time.h"
#include "scanners/spamassassin/text_search.h"

namespace sluice::scan::sa {
namespace {

constexpr std::size_t kFieldsUsual = 16;  // Received

std::optional<std::int64_t> date_of(const MessageEvidence& message) {
  std::optional<std::int64_t> time;
  for (const char* name : {"Resent-Date", "Date"})
    if (!time)
      message.headers.for_each_named(name, [&](const HeaderStore::Field& field) {
        time = parse_mail_time(field.value);
        return !time;
      });
  return time;
}

std::vector<std::string_view> received_fields(const MessageEvidence& message) {
  std::vector<std::string_view> fields;
  fields.reserve(kFieldsUsual);
  message.headers.for_each_named("Received", [&](const HeaderStore::Field& field) {
    fields.push_back(field.value);
    return true;
  });
  // What a program that fetches mail adds says when it was fetched, not when it came.
  const auto fetched = [&](std::size_t i) {
    return i < fields.size() && has_text<Case::same>(fields[i], "by localhost with ") &&
           has_text<Case::same>(fields[i], " (fetchmail-");
  };
  const bool local =
      !fields.empty() && (has_text<Case::same>(fields[0], "from localhost ") ||
                          has_text<Case::same>(fields[0].substr(0, 100), "127.0.0.1"));
  if (fetched(0))
    fields.erase(fields.begin());
  else if (local && fetched(1))
    fields.erase(fields.begin(), fields.begin() + 2);
  return fields;
}

// Seconds from the nearest date of a Received field to that of the message; 0 when either is
// missing.
std::int64_t read_date_shift(const MessageEvidence& message) {
  const auto date = date_of(message);
  if (!date) return 0;
  std::optional<std::int64_t> nearest, last;
  const auto take_last = [&] {
    if (last && (!nearest || std::abs(*last) < std::abs(*nearest))) nearest = last;
  };
  for (const std::string_view field : received_fields(message)) {
    const std::size_t semicolon = field.rfind(';');
    if (semicolon == std::string_view::npos) continue;
    const auto time = parse_mail_time(field.substr(semicolon + 1));
    if (!time) continue;
    take_last();
    last = *date - *time;
  }
  // The oldest hop is the client itself when it says the very time of the message.
  if (!nearest || last != 0) take_last();
  return nearest.value_or(0);
}

// check_for_shifted_date('least', 'most') in hours; either may be 'undef'.
int check_for_shifted_date(const MessageEvidence& message, const Arguments& arguments) {
  if (arguments.size() < 2) return 0;
  auto& shift = message.facts.date_shift();
  if (!shift) shift = read_date_shift(message);
  const auto hours = [&](std::size_t i) {
    return static_cast<std::int64_t>(3'600 * arguments.number(i));
  };
  return (arguments[0] == "undef" || *shift >= hours(0)) &&
         (arguments[1] == "undef" || *shift < hours(1));
}

constexpr auto kEvals =
    std::to_array<NamedEval>({{"check_for_shifted_date", check_for_shifted_date}});

}  // namespace

std::span<const NamedEval> date_evals() noexcept { return kEvals; }

}  // namespace sluice::scan::sa
