#include "engine/policy/mail_date.h"

#include <cstdint>
#include <cstring>

namespace sluice::policy {
namespace {

struct CivilDate {
  std::int64_t year;
  unsigned month;  // 1..12
  unsigned day;    // 1..31
};

// Of the proleptic Gregorian calendar. Years are counted from March, so that the leap day is last,
// in eras of 400 years (146,097 days); day 0 of era 0 is 0000-03-01, 719,468 days before
// 1970-01-01.
CivilDate civil_from_days(std::int64_t days_since_1970) noexcept {
  const std::int64_t days = days_since_1970 + 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto day_of_era = static_cast<std::uint32_t>(days - era * 146'097);
  const std::uint32_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint32_t shifted_month = (5 * day_of_year + 2) / 153;  // 0 = March
  const unsigned day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

void put_two(char* at, std::int64_t value) noexcept {
  at[0] = static_cast<char>('0' + value / 10 % 10);
  at[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

void write_mail_date(WallTime when, std::span<char, kMailDateBytes> out) noexcept {
  constexpr std::int64_t kDay = 86'400;
  const std::int64_t time = when.unix_seconds();
  std::int64_t days = time / kDay;
  if (time % kDay < 0) --days;
  const std::int64_t second = time - days * kDay;
  const CivilDate date = civil_from_days(days);
  const std::int64_t weekday = ((days + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday

  char* text = out.data();
  std::memcpy(text, "Sun, 00 Jan 0000 00:00:00 +0000", kMailDateBytes);
  std::memcpy(text, &"SunMonTueWedThuFriSat"[weekday * 3], 3);
  put_two(text + 5, date.day);
  std::memcpy(text + 8, &"JanFebMarAprMayJunJulAugSepOctNovDec"[(date.month - 1) * 3], 3);
  put_two(text + 12, date.year / 100);
  put_two(text + 14, date.year % 100);
  put_two(text + 17, second / 3'600);
  put_two(text + 20, second / 60 % 60);
  put_two(text + 23, second % 60);
}

}  // namespace sluice::policy
