// The recipient hosts (domains) of the delivery queue: for each the pending recipients in order of
// arrival, and what is known of the host since start. Every change costs a constant time, however
// long the lists are. A host without recipients is remembered until kIdleMax others are idle too.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/clock.h"
#include "engine/mail/ids.h"
#include "queueing/queued_message.h"

namespace sluice::queueing {

struct HostAnswer {
  std::string text;  // empty: none yet
  WallTime at;
};

// A doubly linked list of listed recipients; the links are in HostIndex.
struct RecipientList {
  std::uint32_t first = kNotListed;
  std::uint32_t last = kNotListed;
};

// What became of one attempt at a recipient.
struct PeerAnswer {
  enum class Kind : std::uint8_t { delivered, deferred, failed, unreachable };
  Kind kind = Kind::delivered;
  std::string_view text;
  WallTime at;
};

struct HostRecord {
  std::string name;          // lower case
  std::uint64_t active = 0;  // pending recipients
  bool held = false;         // by the operator: nothing of it becomes due
  RecipientList waiting;
  RecipientList parked;  // of a held host, and found out to be: not in any order of time
  // What delivery has seen; the queue does not look at it.
  bool down = false;  // at the last attempt
  std::uint64_t delivered = 0;
  std::uint64_t soft_bounced = 0;  // attempts that are to be repeated
  std::uint64_t hard_bounced = 0;
  std::uint64_t expired = 0;
  std::uint64_t deleted = 0;
  HostAnswer last_answer;
  HostAnswer last_failure;  // 5yz
  Answer shared;            // the last one that a recipient was deferred with
  bool idle_linked = false;
};

class HostIndex {
 public:
  static constexpr std::size_t kIdleMax = 4'096;

  struct Listed {
    std::uint32_t host = 0;
    std::uint32_t slot = 0;  // of the message in the live index
    Rid rid = 0;
    bool parked = false;
    std::uint32_t previous = kNotListed;
    std::uint32_t next = kNotListed;
  };

  // The host of an address: what is behind the last '@', in lower case.
  static std::string host_of(std::string_view address);

  std::uint32_t add(std::string_view address, std::uint32_t slot, Rid rid);
  void remove(std::uint32_t listed) noexcept;
  void park(std::uint32_t listed) noexcept;    // of a held host
  void unpark(std::uint32_t listed) noexcept;  // to the end of those that wait

  const Listed& at(std::uint32_t listed) const noexcept {
    return pages_[listed / kPageEntries][listed % kPageEntries];
  }
  HostRecord& host(std::uint32_t listed) noexcept { return hosts_[at(listed).host]; }
  HostRecord* find(std::string_view name) noexcept;
  // Sets or clears the hold; a held host is remembered for ever.
  HostRecord& hold(std::string_view name, bool held);

  // Those with entries from `cursor` on, kept or idle; for listings in slices.
  std::size_t size() const noexcept { return hosts_.size(); }
  const HostRecord* record(std::size_t index) const noexcept {
    return hosts_[index].name.empty() ? nullptr : &hosts_[index];
  }

 private:
  static constexpr std::size_t kPageEntries = 4'096;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  Listed& entry(std::uint32_t listed) noexcept {
    return pages_[listed / kPageEntries][listed % kPageEntries];
  }
  std::uint32_t host_number(std::string_view lower_name);
  void link(RecipientList& list, std::uint32_t listed) noexcept;
  void unlink(RecipientList& list, std::uint32_t listed) noexcept;
  void became_idle(std::uint32_t host) noexcept;
  void forget_oldest_idle() noexcept;

  std::deque<HostRecord> hosts_;  // a free one has no name
  std::vector<std::uint32_t> free_hosts_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> numbers_;  // by name
  std::deque<std::uint32_t> idle_;  // in the order they became so; some are active again
  std::vector<std::unique_ptr<Listed[]>> pages_;
  std::vector<std::uint32_t> free_;
};

void count_outcome(HostRecord& host, RecipientStatus status) noexcept;
// `message` keeps a failure for `queue show`; the text is cut to kAnswerMax octets.
inline constexpr std::size_t kAnswerMax = 200;
void note_answer(HostRecord& host, QueuedMessage& message, Rid rid, const PeerAnswer& answer);

}  // namespace sluice::queueing
