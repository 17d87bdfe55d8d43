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

class BounceWriter;

// An attempt that reached no recipient: no route, or no next hop that answers.
struct Trouble {
  std::string_view status;  // enhanced
  std::string_view detail;
};

class Outcomes {
 public:
  Outcomes(queueing::Shard& shard, mail::EventSink& events, JobBook& jobs, BounceWriter& bounces,
           Random& random)
      : shard_(shard), events_(events), jobs_(jobs), bounces_(bounces), random_(random) {}

  void configure(const config::Config& config) noexcept { config_ = &config; }

  // All take the job over. In a MessageResult the recipients are in the order of job.rids.
  void settle(Job& job, const smtp::MessageResult& result, Dcid dcid, WallTime wall);
  void defer(Job& job, const Trouble& trouble, WallTime wall);
  void fail(Job& job, const Trouble& trouble);  // not to be tried again

 private:
  void settle_delivered(const Job& job, const smtp::MessageResult& result, Dcid dcid,
                        WallTime wall);
  void settle_refused(Job& job, Rid rid, smtp::RecipientResult result, Dcid dcid, WallTime wall);
  void note(const Job& job, Rid rid, const smtp::RecipientResult& result, WallTime wall);
  struct Attempt {
    Dcid dcid = 0;
    WallTime wall;
    const config::ReplyRule* rule = nullptr;
  };
  void defer_recipient(Job& job, Rid rid, const smtp::RecipientResult& result,
                       const Attempt& attempt);
  void fail_recipient(Job& job, Rid rid, const smtp::RecipientResult& result, Dcid dcid);
  std::string domain_of(const Job& job, Rid rid) const;
  bool is_pending(const Job& job, Rid rid) const noexcept;
  void finish(Job& job);

  queueing::Shard& shard_;
  mail::EventSink& events_;
  JobBook& jobs_;
  BounceWriter& bounces_;
  Random& random_;
  const config::Config* config_ = nullptr;
};

// "0 2 5": the RIDs as the log has them.
std::string rid_list(const std::vector<Rid>& rids);

}  // namespace sluice::delivery
