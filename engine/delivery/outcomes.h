// What becomes of recipients: turns results of attempts into records of the queue and events of the
// log, and hands what has failed for good to the bounce writer. No path loses a recipient: each one
// ends delivered, deferred, or failed with its notification stored first.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/config/config.h"
#include "engine/delivery/job.h"
#include "engine/smtp/client_session.h"

namespace sluice::delivery {

class DsnWriter;

// An attempt that reached no recipient: no route, or no next hop that answers.
struct Trouble {
  std::string_view status;  // enhanced
  std::string_view detail;
};

struct Peer {  // who has answered
  Dcid dcid = 0;
  std::string remote;  // its address
  bool dsn = false;    // it reports on deliveries itself (RFC 3461)
  bool lmtp = false;   // it is where the mailboxes are
};

class Outcomes {
 public:
  Outcomes(queueing::Shard& shard, mail::EventSink& events, JobBook& jobs, DsnWriter& dsns,
           Random& random)
      : shard_(shard), events_(events), jobs_(jobs), dsns_(dsns), random_(random) {}

  void configure(const config::Config& config) noexcept { config_ = &config; }

  // All take the job over. In a MessageResult the recipients are in the order of job.rids.
  void settle(Job& job, const smtp::MessageResult& result, const Peer& peer, WallTime wall);
  void defer(Job& job, const Trouble& trouble, WallTime wall);
  void fail(Job& job, const Trouble& trouble);  // not to be tried again

  // Has the recipient waited for so long that its sender should be told, and has not been yet?
  bool delay_is_news(const queueing::QueuedMessage& message, Rid rid, WallTime wall) const noexcept;
  void tell_delay(Job& job, std::vector<Rid> rids, WallTime wall);  // takes the job over

 private:
  void settle_delivered(Job& job, const smtp::MessageResult& result, const Peer& peer,
                        WallTime wall);
  void settle_refused(Job& job, Rid rid, smtp::RecipientResult result, const Peer& peer,
                      WallTime wall);
  void note_success(Job& job, Rid rid, const smtp::RecipientResult& result, const Peer& peer);
  void note(const Job& job, Rid rid, const smtp::RecipientResult& result, WallTime wall);
  struct Attempt {
    const Peer& peer;
    WallTime wall;
    const config::ReplyRule* rule = nullptr;
  };
  void defer_recipient(Job& job, Rid rid, const smtp::RecipientResult& result,
                       const Attempt& attempt);
  void fail_recipient(Job& job, Rid rid, const smtp::RecipientResult& result, const Peer& peer);
  mail::Recipient recipient_of(const Job& job, Rid rid) const;
  bool is_pending(const Job& job, Rid rid) const noexcept;
  void finish(Job& job);

  queueing::Shard& shard_;
  mail::EventSink& events_;
  JobBook& jobs_;
  DsnWriter& dsns_;
  Random& random_;
  const config::Config* config_ = nullptr;
};

// "0 2 5": the RIDs as the log has them.
std::string rid_list(const std::vector<Rid>& rids);

}  // namespace sluice::delivery
