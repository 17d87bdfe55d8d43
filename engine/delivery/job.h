// The units of work of one core's delivery: a lease is a message that the queue has handed out, a
// job is the part of it that goes to one destination.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/intrusive_list.h"
#include "engine/base/slab.h"
#include "engine/mail/event.h"
#include "engine/mail/ids.h"
#include "queueing/shard.h"

namespace sluice::delivery {

class Destination;

struct Lease {
  Mid mid = 0;
  std::uint32_t jobs = 0;
};

enum class DsnAction : std::uint8_t { failed, delayed, delivered, relayed };  // RFC 3464 2.3.3

// What has become of a recipient, for a sender who wants to hear of it.
struct Notice {
  Rid rid = 0;
  DsnAction action = DsnAction::failed;
  bool expired = false;    // failed because its time was over
  std::string status;      // enhanced
  std::string diagnostic;  // the last reply, or what went wrong
  std::string remote;      // address of the host that said it; may be empty
  WallTime until{};        // delayed: it is tried until then
};

struct Job {
  ListLink link;  // in a destination's or the DSN writer's queue
  Lease* lease = nullptr;
  Destination* destination = nullptr;
  std::vector<Rid> rids;  // ascending
  std::vector<Notice> notices;
  DsnAction reported = DsnAction::failed;  // what its notification is mainly about
  bool second_try = false;                 // was given back by a connection that had gone stale

  Mid mid() const noexcept { return lease->mid; }
};

using JobQueue = IntrusiveList<Job, &Job::link>;

// Hands out leases and jobs from fixed pools; a lease ends with its last job.
class JobBook {
 public:
  static constexpr std::size_t kLeasesMax = 8'192;  // messages under way per worker
  static constexpr std::size_t kJobsMax = 16'384;

  JobBook(queueing::Shard& shard, mail::EventSink& events);

  // Is there room for one more message with up to this many jobs?
  bool has_room(std::size_t jobs) const noexcept {
    return leases_.available() > 0 && jobs_.available() >= jobs;
  }
  // The caller has leased the message from the shard. It is held until close() and its last job.
  Lease& open(Mid mid) noexcept;
  void close(Lease& lease) noexcept;

  Job& add(Lease& lease, Destination* destination) noexcept;
  // Its recipients have outcomes, or stay pending: the last job gives the message back to the
  // queue.
  void finish(Job& job) noexcept;
  std::size_t leased() const noexcept { return leases_.in_use(); }

 private:
  queueing::Shard& shard_;
  mail::EventSink& events_;
  Slab<Lease> leases_{kLeasesMax};
  Slab<Job> jobs_{kJobsMax};
};

}  // namespace sluice::delivery
