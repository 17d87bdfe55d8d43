// The operator's rules about files, the [[attachment_rule]] tables: matched against every file of a
// message, those inside archives too.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/config/config.h"
#include "scanners/attachment/file_type.h"

namespace sluice::scan::attachment {

inline constexpr std::size_t kRulesMax = 256;
using RuleHits = std::bitset<kRulesMax>;
using Digest = std::array<std::uint8_t, 32>;  // SHA-256

struct File {
  std::string_view name;      // UTF-8, without folders
  std::string_view declared;  // media type, lower case; empty within archives
  FileType type = FileType::unknown;
  std::uint64_t size = 0;
  const Digest* digest = nullptr;  // null: not known, rules that ask for it do not hit
};

class AttachmentRules {
 public:
  AttachmentRules() = default;
  explicit AttachmentRules(const std::vector<config::AttachmentRule>& rules);

  RuleHits match(const File& file) const noexcept;
  bool want_digest() const noexcept { return want_digest_; }
  const RuleHits& strips() const noexcept { return strips_; }  // those with that action
  std::size_t size() const noexcept { return rules_.size(); }
  const config::AttachmentRule& rule(std::size_t index) const noexcept {
    return rules_[index].rule;
  }
  // The rules in SpamAssassin's language, so that they have names, scores and descriptions among
  // the others. They never hit by themselves.
  std::string carriers() const;

 private:
  struct Compiled {
    config::AttachmentRule rule;
    TypeSet types = 0;
    std::vector<Digest> digests;
  };
  static bool matches(const Compiled& compiled, const File& file) noexcept;

  std::vector<Compiled> rules_;
  RuleHits strips_;
  bool want_digest_ = false;
};

// 64 hexadecimal digits.
std::optional<Digest> parse_digest(std::string_view text) noexcept;

}  // namespace sluice::scan::attachment
