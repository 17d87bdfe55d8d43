// Bounce verification: senders of one's own carry a tag on the way out, in the form of
// draft-levine-smtp-batv ("prvs=KDDDSSSSSS=local@domain"), so that a bounce without a good one is
// known to be about a message that never was. K names the key, DDD is the day (modulo 1000) that
// the tag is good until, S are the first octets of an HMAC-SHA-256 over these and the address.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"

namespace sluice::policy {

inline constexpr std::size_t kTagBytes = 16;  // "prvs=0123abcdef="
// RFC 5321 4.5.3.1.1: a longer local part has no room for a tag, and needs none.
inline constexpr std::size_t kTaggedLocalMax = 64 - kTagBytes;

class BounceTags {
 public:
  // The keys, a line each: a digit, a space, and a secret of 16 to 255 octets. The first one signs;
  // those behind it are still good, until the tags that they made have expired.
  static std::expected<BounceTags, std::string> parse(std::string_view text);

  // The address with its tag; as it is when it can carry none.
  std::string tag(std::string_view address, WallTime now, Duration life) const;

  struct Found {
    enum class Tag : std::uint8_t { none, good, bad };
    Tag tag = Tag::none;
    std::string_view address;  // without it
  };
  Found find(std::string_view address, WallTime now) const noexcept;

 private:
  struct Key {
    char digit;
    std::string secret;
  };
  static constexpr std::size_t kKeysMax = 10;
  static std::string signature(const Key& key, std::string_view day, std::string_view address);

  std::vector<Key> keys_;
};

}  // namespace sluice::policy
