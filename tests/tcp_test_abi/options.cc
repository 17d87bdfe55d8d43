#include "tests/tcp_test_abi/options.h"

#include <charconv>
#include <optional>
#include <span>

namespace sluice::net::abi {
namespace {

// A key whose value is a number within limits.
struct Number {
  std::string_view key;
  std::uint64_t lowest;
  std::uint64_t highest;
  void (*set)(StackOptions&, std::uint64_t);
};

constexpr std::uint64_t kMsMax = 10'000'000;  // under what a timer can hold
constexpr std::uint64_t kBufferMin = 256;
constexpr std::uint64_t kBufferMax = 1u << 30;

Duration ms(std::uint64_t value) { return milliseconds(static_cast<std::int64_t>(value)); }

constexpr Number kNumbers[] = {
    {"sack", 0, 1, [](StackOptions& o, std::uint64_t v) { o.sack = v != 0; }},
    {"ts", 0, 1, [](StackOptions& o, std::uint64_t v) { o.timestamps = v != 0; }},
    {"wscale", 0, 14,
     [](StackOptions& o, std::uint64_t v) { o.window_scale = static_cast<std::uint8_t>(v); }},
    {"ecn", 0, 1, [](StackOptions& o, std::uint64_t v) { o.ecn = v != 0; }},
    {"delack_ms", 0, 500, [](StackOptions& o, std::uint64_t v) { o.delayed_ack = ms(v); }},
    {"rto_min_ms", 1, 60'000, [](StackOptions& o, std::uint64_t v) { o.rto_min = ms(v); }},
    {"rto_init_ms", 1, 60'000, [](StackOptions& o, std::uint64_t v) { o.rto_initial = ms(v); }},
    {"iw", 1, 255,
     [](StackOptions& o, std::uint64_t v) { o.initial_window = static_cast<std::uint8_t>(v); }},
    {"rcvbuf", kBufferMin, kBufferMax,
     [](StackOptions& o, std::uint64_t v) { o.receive_window = static_cast<std::uint32_t>(v); }},
    {"sndbuf", kBufferMin, kBufferMax,
     [](StackOptions& o, std::uint64_t v) { o.send_buffer = static_cast<std::uint32_t>(v); }},
    {"quickack", 0, 1, [](StackOptions& o, std::uint64_t v) { o.quick_ack = v != 0; }},
    {"rack", 0, 1, [](StackOptions& o, std::uint64_t v) { o.rack = v != 0; }},
    {"tlp", 0, 1, [](StackOptions& o, std::uint64_t v) { o.tlp = v != 0; }},
    {"timewait_ms", 0, kMsMax, [](StackOptions& o, std::uint64_t v) { o.time_wait = ms(v); }},
    {"csum", 0, 1, [](StackOptions& o, std::uint64_t v) { o.verify_checksums = v != 0; }},
    {"idle_restart", 0, 1, [](StackOptions& o, std::uint64_t v) { o.idle_restart = v != 0; }},
    {"keepalive_ms", 0, kMsMax, [](StackOptions& o, std::uint64_t v) { o.keep_alive = ms(v); }},
};

std::unexpected<std::string> refused(std::string_view key, const std::string& why) {
  return std::unexpected("option " + std::string(key) + ": " + why);
}

std::expected<void, std::string> set_number(const Number& number, std::string_view value,
                                            StackOptions& options) {
  std::uint64_t parsed = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
  const bool whole = error == std::errc{} && end == value.data() + value.size();
  if (!whole || parsed < number.lowest || parsed > number.highest)
    return refused(number.key, "\"" + std::string(value) + "\" is no number from " +
                                   std::to_string(number.lowest) + " to " +
                                   std::to_string(number.highest));
  number.set(options, parsed);
  return {};
}

std::expected<void, std::string> set_option(std::string_view key, std::string_view value,
                                            StackOptions& options) {
  for (const Number& number : kNumbers)
    if (number.key == key) return set_number(number, value, options);
  if (key == "cc") {
    if (value != "reno" && value != "cubic") return refused(key, "reno or cubic is expected");
    options.congestion_control =
        value == "reno" ? CongestionControl::reno : CongestionControl::cubic;
    return {};
  }
  if (key == "syncookies") {
    if (value != "0" && value != "1" && value != "auto")
      return refused(key, "0, 1 or auto is expected");
    options.syn_cookies = value == "0"   ? SynCookies::off
                          : value == "1" ? SynCookies::on
                                         : SynCookies::automatic;
    return {};
  }
  return refused(key, "no such option");
}

}  // namespace

std::expected<void, std::string> apply_options(std::string_view text, StackOptions& options) {
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    if (item.empty()) continue;
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) return refused(item, "a value is missing");
    auto set = set_option(item.substr(0, equals), item.substr(equals + 1), options);
    if (!set) return set;
  }
  return {};
}

}  // namespace sluice::net::abi
