// The days that reports on TLS are made of (RFC 8460 4.1): what is being counted, what waits to be
// reported, and its file, from which a restart goes on. Knows no network and no clock.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/delivery/tls_tally.h"

namespace sluice::control {

class TlsReports {
 public:
  static constexpr std::size_t kDaysMax = 7;  // that wait to be reported; the oldest is given up

  struct Day {
    WallTime begins{};
    WallTime ends{};
    WallTime send_at{};
    delivery::TlsTally tally;
  };

  // `path` is read when there is such a file; the text says what is wrong with it, empty: nothing.
  std::string open(std::string path, WallTime now);
  void configure(std::size_t domains_max, Duration delay_max);

  // Counted before `now`, after the last call.
  void merge(const delivery::TlsTally& tally);
  // Ends the day when it is over by `now`; with `early` in any case. Call after merge().
  void roll(WallTime now, Random& random, bool early = false);
  // What is to be reported now, one domain after the other.
  struct Due {
    WallTime begins;
    WallTime ends;
    std::string domain;
    delivery::TlsDomainTally tally;
  };
  std::optional<Due> next_due(WallTime now);

  // Empty, or why it could not be written. Nothing is written when nothing has changed.
  std::string store();

  const Day& today() const noexcept { return today_; }
  std::size_t waiting() const noexcept { return closed_.size(); }

 private:
  void begin_day(WallTime now);

  std::string path_;
  Duration delay_max_{};
  std::size_t domains_max_ = 1'000;
  Day today_;
  std::deque<Day> closed_;
  bool changed_ = false;
};

}  // namespace sluice::control
