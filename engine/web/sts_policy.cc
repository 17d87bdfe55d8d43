#include "engine/web/sts_policy.h"

#include <algorithm>
#include <optional>

#include "engine/base/ascii_text.h"
#include "engine/dns/name.h"

namespace sluice::web {
namespace {

constexpr std::size_t kFieldNameMax = 32;
constexpr std::size_t kQuotedMax = 60;  // octets of a stranger's text in an error

// Takes a line off `rest`, ended by LF or CRLF (sts-policy-term), or by the end.
std::string_view take_line(std::string_view& rest) noexcept {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  while (line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
  return line;
}

bool is_field_name(std::string_view name) noexcept {
  const auto allowed = [](char c) { return is_ascii_alnum(c) || c == '_' || c == '-' || c == '.'; };
  return !name.empty() && name.size() <= kFieldNameMax && is_ascii_alnum(name.front()) &&
         std::ranges::all_of(name, allowed);
}

// sts-policy-ext-value: no control characters.
bool is_value(std::string_view value) noexcept {
  return !value.empty() && std::ranges::all_of(value, [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  });
}

std::string quoted(std::string_view text) {
  std::string clean(text.substr(0, kQuotedMax));
  for (char& c : clean)
    if (c < ' ' || c > '~') c = '?';
  return '"' + clean + '"';
}

std::optional<StsPolicy::Mode> mode_of(std::string_view value) noexcept {
  for (const auto mode :
       {StsPolicy::Mode::none, StsPolicy::Mode::testing, StsPolicy::Mode::enforce})
    if (value == name_of(mode)) return mode;
  return {};
}

// 1*10(DIGIT); a longer life than a year is a year.
std::optional<Duration> age_of(std::string_view value) noexcept {
  if (value.empty() || value.size() > 10) return {};
  std::int64_t count = 0;
  for (const char c : value) {
    if (c < '0' || c > '9') return {};
    count = count * 10 + (c - '0');
  }
  return std::min(seconds(std::min(count, kStsMaxAgeMax.seconds())), kStsMaxAgeMax);
}

// "mx.example.com" or "*.example.com"; a U-label becomes an A-label (RFC 8461 4.1).
std::optional<std::string> pattern_of(std::string_view value) {
  const bool wildcard = value.starts_with("*.");
  const auto name = dns::normal_name(wildcard ? value.substr(2) : value);
  if (!name || name->empty() || name->find('*') != std::string::npos) return {};
  return wildcard ? "*." + *name : *name;
}

class Reader {
 public:
  std::expected<StsPolicy, std::string> read(std::string_view text) {
    policy_.text = text;
    while (!text.empty()) {
      const std::string_view line = take_line(text);
      if (line.empty() && trimmed(text).empty()) break;  // a terminator at the end
      if (std::string fault = take(line); !fault.empty()) return std::unexpected(fault);
    }
    if (!version_) return std::unexpected("there is no version");
    if (!mode_) return std::unexpected("there is no mode");
    if (!age_) return std::unexpected("there is no max_age");
    if (policy_.mx.empty() && policy_.mode != StsPolicy::Mode::none)
      return std::unexpected("there is no mx");
    return std::move(policy_);
  }

 private:
  std::string take(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_field_name(line.substr(0, colon)))
      return "not a field: " + quoted(line);
    const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
    const bool fine = is_value(value) && take_field(name, value);
    return fine ? std::string() : "bad value: " + quoted(line);
  }

  // RFC 8461 3.2: of a field that must not be repeated the first one counts; others are ignored,
  // and so is what is not known.
  bool take_field(std::string_view name, std::string_view value) {
    if (name == "mx") return take_mx(value);
    if (name == "version" && !version_) return version_ = value == "STSv1";
    if (name == "mode" && !mode_) {
      const auto mode = mode_of(value);
      policy_.mode = mode.value_or(StsPolicy::Mode::none);
      return mode_ = mode.has_value();
    }
    if (name == "max_age" && !age_) {
      const auto age = age_of(value);
      policy_.max_age = age.value_or(Duration{});
      return age_ = age.has_value();
    }
    return true;
  }

  bool take_mx(std::string_view value) {
    auto pattern = pattern_of(value);
    if (!pattern || policy_.mx.size() >= kStsPatternsMax) return false;
    policy_.mx.push_back(std::move(*pattern));
    return true;
  }

  StsPolicy policy_;
  bool version_ = false;
  bool mode_ = false;
  bool age_ = false;
};

}  // namespace

std::string_view name_of(StsPolicy::Mode mode) noexcept {
  switch (mode) {
    case StsPolicy::Mode::none: return "none";
    case StsPolicy::Mode::testing: return "testing";
    case StsPolicy::Mode::enforce: return "enforce";
  }
  return "";
}

std::size_t StsPolicy::bytes() const noexcept {
  std::size_t sum = sizeof *this + id.capacity() + text.capacity();
  for (const std::string& pattern : mx) sum += sizeof pattern + pattern.capacity();
  return sum;
}

bool StsPolicy::allows(std::string_view host) const noexcept {
  return std::ranges::any_of(mx, [host](std::string_view pattern) {
    if (!pattern.starts_with("*.")) return host == pattern;
    // RFC 8461 4.1: the wildcard is one label, the leftmost.
    const std::size_t dot = host.find('.');
    return dot != std::string_view::npos && dot > 0 && host.substr(dot) == pattern.substr(1);
  });
}

std::expected<StsPolicy, std::string> parse_sts_policy(std::string_view text) {
  return Reader().read(text);
}

std::vector<std::string> policy_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty())
    if (const std::string_view line = take_line(text); !line.empty()) lines.emplace_back(line);
  return lines;
}

}  // namespace sluice::web
