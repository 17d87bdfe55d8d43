#include "engine/policy/bounce_tag.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/bytes.h"
#include "tls/mac.h"

namespace sluice::policy {
namespace {

constexpr std::string_view kPrefix = "prvs=";
constexpr std::size_t kSignatureOctets = 3;
constexpr std::size_t kSecretMin = 16;
constexpr std::size_t kSecretMax = 255;
constexpr std::int64_t kDays = 1'000;  // until they come again
constexpr std::int64_t kLifeMax = 500;

constexpr std::int64_t day_of(WallTime time) noexcept { return time.unix_seconds() / 86'400; }

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// "K", "DDD", "SSSSSS" and the address behind them.
struct Parts {
  char key = 0;
  std::string_view day;
  std::string_view signature;
  std::string_view address;
};

bool split(std::string_view text, Parts& parts) noexcept {
  if (text.size() <= kTagBytes || !equals_ignoring_case(text.substr(0, kPrefix.size()), kPrefix) ||
      text[kTagBytes - 1] != '=')
    return false;
  const std::string_view tag = text.substr(kPrefix.size(), kTagBytes - kPrefix.size() - 1);
  parts = {tag[0], tag.substr(1, 3), tag.substr(4), text.substr(kTagBytes)};
  return is_digit(parts.key) && std::ranges::all_of(parts.day, is_digit) &&
         parts.address.front() != '@';
}

}  // namespace

std::expected<BounceTags, std::string> BounceTags::parse(std::string_view text) {
  BounceTags tags;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string number = fmt::format("line {}: ", tags.keys_.size() + 1);
    if (line.size() < 2 + kSecretMin || line.size() > 2 + kSecretMax || !is_digit(line[0]) ||
        line[1] != ' ')
      return std::unexpected(number +
                             fmt::format("is not a digit, a space and a secret of {} to {} "
                                         "octets",
                                         kSecretMin, kSecretMax));
    if (std::ranges::find(tags.keys_, line[0], &Key::digit) != tags.keys_.end())
      return std::unexpected(number + "has the digit of an earlier one");
    tags.keys_.push_back({line[0], std::string(line.substr(2))});
  }
  if (tags.keys_.empty()) return std::unexpected("holds no key");
  return tags;
}

// Case does not count: relays change it.
std::string BounceTags::signature(const Key& key, std::string_view day, std::string_view address) {
  std::string text = key.digit + std::string(day) + std::string(address);
  std::ranges::transform(text, text.begin(), ascii_lower);
  const auto code = tls::hmac_sha256(key.secret, text);
  std::string hex;
  for (std::size_t i = 0; i < kSignatureOctets; ++i) hex += fmt::format("{:02x}", code[i]);
  return hex;
}

std::string BounceTags::tag(std::string_view address, WallTime now, Duration life) const {
  const std::size_t local = address.rfind('@');
  if (local == address.npos || local == 0 || local > kTaggedLocalMax || address.front() == '"')
    return std::string(address);
  const std::int64_t days = std::min(life.seconds() / 86'400, kLifeMax);
  const std::string day = fmt::format("{:03}", (day_of(now) + days) % kDays);
  const Key& key = keys_.front();
  return fmt::format("{}{}{}{}={}", kPrefix, key.digit, day, signature(key, day, address), address);
}

BounceTags::Found BounceTags::find(std::string_view address, WallTime now) const noexcept {
  Parts parts;
  if (!split(address, parts)) return {Found::Tag::none, address};
  const Found bad{Found::Tag::bad, parts.address};
  const auto key = std::ranges::find(keys_, parts.key, &Key::digit);
  if (key == keys_.end() ||
      !equals_ignoring_case(signature(*key, parts.day, parts.address), parts.signature))
    return bad;
  const std::int64_t until =
      (parts.day[0] - '0') * 100 + (parts.day[1] - '0') * 10 + (parts.day[2] - '0');
  const std::int64_t left = (until - day_of(now) % kDays + kDays) % kDays;
  if (left > kLifeMax) return bad;  // it has expired
  return {Found::Tag::good, parts.address};
}

}  // namespace sluice::policy
