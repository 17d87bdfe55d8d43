// The policy of a domain by MTA-STS (RFC 8461 3.2): which hosts take its mail, and how sure a
// sender must be of them.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"

namespace sluice::web {

inline constexpr Duration kStsMaxAgeMax = seconds(31'557'600);  // RFC 8461 3.2: a year
inline constexpr std::size_t kStsPatternsMax = 1'000;           // `mx:` lines of one policy

struct StsPolicy {
  enum class Mode : std::uint8_t { none, testing, enforce };
  Mode mode = Mode::none;
  Duration max_age{};
  std::vector<std::string> mx;  // normal names; "*.example.com" is one label before it
  std::string id;               // of the record that it was fetched for
  std::string text;             // as it was fetched

  // RFC 8461 4.1. `host` is a normal name.
  bool allows(std::string_view host) const noexcept;
  std::size_t bytes() const noexcept;  // that it takes in memory, about
  bool operator==(const StsPolicy&) const = default;
};
std::string_view name_of(StsPolicy::Mode mode) noexcept;

// The error says what is not by the grammar of RFC 8461 3.2.
std::expected<StsPolicy, std::string> parse_sts_policy(std::string_view text);

// Lines of the policy without blanks at their ends, for people and reports.
std::vector<std::string> policy_lines(std::string_view text);

}  // namespace sluice::web
