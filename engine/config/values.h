// The written forms of single values: durations, sizes, CPU lists; and back to text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"

namespace sluice::config {

// "250ms", "5s", "15m", "4h", "5d"; a unit is required, fractions are not taken.
std::optional<Duration> parse_duration(std::string_view text);
std::string duration_text(Duration duration);

// Octets: "64 MiB", "50MB", "512"; kB/MB/GB/TB are powers of 1000, KiB/MiB/GiB/TiB of 1024.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string size_text(std::uint64_t octets);

// "1-7,9": CPU numbers in the order written, each below kCpusMax.
inline constexpr unsigned kCpusMax = 4'096;
std::optional<std::vector<unsigned>> parse_cpu_list(std::string_view text);
std::string cpu_list_text(const std::vector<unsigned>& cpus);

// A host or domain name in ASCII: labels of letters, digits and hyphens (RFC 1123 section 2.1).
bool is_host_name(std::string_view text);

// A text as a TOML basic string, quoted and escaped.
std::string quoted(std::string_view text);

}  // namespace sluice::config
