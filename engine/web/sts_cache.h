// The policies that are known (RFC 8461 3.3, 5.1), and when one has to be fetched: a new id, a
// policy that has become old, but not soon after a fetch that failed. What is known goes on to hold
// until it expires, whatever becomes of the fetch. Pure book-keeping; one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/web/sts_policy.h"

namespace sluice::web {

// Why there is no fresh policy (RFC 8460 4.3.2.2).
enum class StsFault : std::uint8_t { none, fetch, invalid, certificate };

struct StsState {                           // of a domain, as a delivery needs it
  std::shared_ptr<const StsPolicy> policy;  // null: none
  StsFault fault = StsFault::none;
  std::string trouble;  // what went wrong with the last fetch
};

class StsCache {
 public:
  struct Rules {
    Duration max_age = kStsMaxAgeMax;  // however long a policy wants to be kept
    Duration refresh = hours(24);      // age at which it is fetched again, its id being the same
    Duration retry = minutes(5);       // after a failed fetch
    std::size_t policies_max = 10'000;
    std::size_t memory_max = 32UL * 1024 * 1024;  // of all policies, octets
  };
  // Of one entry besides its policy, with the text of a fetch that failed.
  static constexpr std::size_t kEntryBytes = 1'024;

  explicit StsCache(const Rules& rules) : rules_(rules) {}

  struct Found {
    StsState state;
    bool fetch = false;  // the policy is to be fetched
    bool holds = false;  // `state` is an answer whether it is fetched or not
  };
  // `id`: of the live record, empty when there is none.
  Found look_up(const std::string& domain, std::string_view id, WallTime now);

  // How a fetch ended. The domains that had to make room are appended to `forgotten`.
  StsState fetched(const std::string& domain, StsPolicy policy, WallTime now,
                   std::vector<std::string>& forgotten);
  StsState failed(const std::string& domain, StsFault fault, std::string trouble, WallTime now,
                  std::vector<std::string>& forgotten);

  // From disk. False: it has expired, or there is no room.
  bool restore(const std::string& domain, StsPolicy policy, WallTime fetched_at, WallTime now);
  std::size_t size() const noexcept { return entries_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }  // of all policies

 private:
  struct Entry {
    std::shared_ptr<const StsPolicy> policy;
    WallTime fetched_at{};
    WallTime expires{};
    WallTime retry_at{};  // not fetched before
    StsFault fault = StsFault::none;
    std::string trouble;
  };
  using Entries = std::map<std::string, Entry>;
  bool has_room(std::size_t entries, std::size_t bytes) const noexcept;
  // Forgets what it must until there is room for them.
  void make_room(std::size_t entries, std::size_t bytes, WallTime now,
                 std::vector<std::string>& forgotten);
  Entries::iterator forget(Entries::iterator entry);
  void set_policy(Entry& entry, StsPolicy policy);
  Duration kept_for(const StsPolicy& policy) const noexcept;
  static StsState state_of(const Entry& entry, WallTime now);

  Rules rules_;
  Entries entries_;
  std::size_t bytes_ = 0;
};

}  // namespace sluice::web
