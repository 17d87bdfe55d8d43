#include "engine/config/values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace sluice::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// Largest first: the way back to text takes the first that divides.
constexpr std::array kDurationUnits{
    Unit{"d", hours(24).ns},  Unit{"h", hours(1).ns},         Unit{"m", minutes(1).ns},
    Unit{"s", seconds(1).ns}, Unit{"ms", milliseconds(1).ns}, Unit{"us", microseconds(1).ns},
};

constexpr std::array kSizeUnits{
    Unit{"TiB", 1LL << 40},
    Unit{"GiB", 1LL << 30},
    Unit{"MiB", 1LL << 20},
    Unit{"KiB", 1LL << 10},
    Unit{"TB", 1'000'000'000'000},
    Unit{"GB", 1'000'000'000},
    Unit{"MB", 1'000'000},
    Unit{"kB", 1'000},
    Unit{"B", 1},
};

struct Amount {
  std::int64_t number;
  std::string_view unit;
};

// A whole number, perhaps spaces, then the rest.
std::optional<Amount> split(std::string_view text) {
  Amount amount{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount.number);
  if (error != std::errc{} || amount.number < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  while (text.starts_with(' ')) text.remove_prefix(1);
  amount.unit = text;
  return amount;
}

std::optional<std::int64_t> times(std::int64_t number, std::int64_t factor) {
  if (number > std::numeric_limits<std::int64_t>::max() / factor) return std::nullopt;
  return number * factor;
}

template <std::size_t N>
std::optional<std::int64_t> scaled(const Amount& amount, const std::array<Unit, N>& units) {
  const auto it = std::ranges::find(units, amount.unit, &Unit::name);
  if (it == units.end()) return std::nullopt;
  return times(amount.number, it->factor);
}

std::optional<unsigned> parse_cpu(std::string_view text) {
  unsigned cpu = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cpu);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (cpu >= kCpusMax) return std::nullopt;
  return cpu;
}

// One element of a CPU list: "4" or "1-7".
bool append_cpus(std::string_view text, std::vector<unsigned>& cpus) {
  const std::size_t dash = text.find('-');
  const auto first = parse_cpu(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_cpu(text.substr(dash + 1));
  if (!first || !last || *first > *last || cpus.size() + (*last - *first) >= kCpusMax) return false;
  for (unsigned cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
  return true;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const auto amount = split(text);
  if (!amount) return std::nullopt;
  const auto ns = scaled(*amount, kDurationUnits);
  if (!ns) return std::nullopt;
  return Duration{*ns};
}

std::string duration_text(Duration duration) {
  if (duration.ns == 0) return "0s";
  for (const Unit& unit : kDurationUnits)
    if (duration.ns % unit.factor == 0)
      return fmt::format("{}{}", duration.ns / unit.factor, unit.name);
  return fmt::format("{}ns", duration.ns);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  auto amount = split(text);
  if (!amount) return std::nullopt;
  if (amount->unit.empty()) amount->unit = "B";
  const auto octets = scaled(*amount, kSizeUnits);
  if (!octets) return std::nullopt;
  return static_cast<std::uint64_t>(*octets);
}

std::string size_text(std::uint64_t octets) {
  if (octets == 0) return "0 B";
  for (const Unit& unit : kSizeUnits) {
    const auto factor = static_cast<std::uint64_t>(unit.factor);
    if (octets % factor == 0) return fmt::format("{} {}", octets / factor, unit.name);
  }
  return fmt::format("{} B", octets);
}

std::optional<std::vector<unsigned>> parse_cpu_list(std::string_view text) {
  std::vector<unsigned> cpus;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (!append_cpus(text.substr(0, comma), cpus)) return std::nullopt;
    if (comma == std::string_view::npos) return cpus;
    text.remove_prefix(comma + 1);
    if (text.empty()) return std::nullopt;
  }
  return cpus;
}

std::string cpu_list_text(const std::vector<unsigned>& cpus) {
  std::string out;
  for (std::size_t i = 0; i < cpus.size();) {
    std::size_t end = i + 1;
    while (end < cpus.size() && cpus[end] == cpus[end - 1] + 1) ++end;
    if (!out.empty()) out += ',';
    out += std::to_string(cpus[i]);
    if (end - i > 1) out += "-" + std::to_string(cpus[end - 1]);
    i = end;
  }
  return out;
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  std::size_t label = 0;
  char last = '.';
  for (const char c : text) {
    const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (c == '.' ? (last == '.' || last == '-') : !(alnum || (c == '-' && last != '.')))
      return false;
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return false;
    last = c;
  }
  return last != '.' && last != '-';
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out + '"';
}

}  // namespace sluice::config
