// Time as two 8-byte types. Instant is monotonic (timers, latency); WallTime is the calendar
// (logs, queue records, expiry). Logic never reads a clock: `now` is an argument; Clock is the
// seam.
#pragma once

#include <compare>
#include <cstdint>

namespace sluice {

struct Duration {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Duration&) const = default;
  constexpr std::int64_t ms() const { return ns / 1'000'000; }
  constexpr std::int64_t us() const { return ns / 1'000; }
  constexpr std::int64_t seconds() const { return ns / 1'000'000'000; }
};

constexpr Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
constexpr Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
constexpr Duration operator*(Duration a, std::int64_t n) { return {a.ns * n}; }
constexpr Duration operator/(Duration a, std::int64_t n) { return {a.ns / n}; }

constexpr Duration nanoseconds(std::int64_t n) { return {n}; }
constexpr Duration microseconds(std::int64_t n) { return {n * 1'000}; }
constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }
constexpr Duration minutes(std::int64_t n) { return seconds(n * 60); }
constexpr Duration hours(std::int64_t n) { return minutes(n * 60); }

struct Instant {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Instant&) const = default;
  static constexpr Instant never() { return {INT64_MAX}; }
};

constexpr Instant operator+(Instant t, Duration d) { return {t.ns + d.ns}; }
constexpr Instant operator-(Instant t, Duration d) { return {t.ns - d.ns}; }
constexpr Duration operator-(Instant a, Instant b) { return {a.ns - b.ns}; }

// Nanoseconds since the Unix epoch.
struct WallTime {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const WallTime&) const = default;
  constexpr std::int64_t unix_seconds() const { return ns / 1'000'000'000; }
};

constexpr WallTime operator+(WallTime t, Duration d) { return {t.ns + d.ns}; }
constexpr WallTime operator-(WallTime t, Duration d) { return {t.ns - d.ns}; }
constexpr Duration operator-(WallTime a, WallTime b) { return {a.ns - b.ns}; }

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() noexcept = 0;
  virtual WallTime wall() noexcept = 0;
};

// The machine's clocks (CLOCK_MONOTONIC, CLOCK_REALTIME through the vDSO).
class SystemClock final : public Clock {
 public:
  Instant now() noexcept override;
  WallTime wall() noexcept override;
};

// A clock that tests and the simulator set.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime epoch = {1'800'000'000LL * 1'000'000'000LL}) : epoch_(epoch) {}
  Instant now() noexcept override { return now_; }
  WallTime wall() noexcept override { return epoch_ + Duration{now_.ns}; }
  void advance(Duration d) { now_ = now_ + d; }
  void set(Instant t) { now_ = t; }
  void set_wall(WallTime t) { epoch_ = t - Duration{now_.ns}; }

 private:
  Instant now_{0};
  WallTime epoch_;
};

}  // namespace sluice
