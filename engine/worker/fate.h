// What becomes of a message after its last octet, by all that was found out about it.
#pragma once

#include "engine/config/config.h"
#include "engine/examination/job.h"
#include "engine/policy/disposition.h"
#include "engine/smtp/reply.h"
#include "scanners/verdict.h"

namespace sluice::worker {

struct Fate {
  policy::Disposition disposition = policy::Disposition::deliver;
  // When it is `reject`; 4yz where a later try may go better.
  smtp::Reply reply;
};

// By the content alone.
Fate fate_of(const scan::Verdict& verdict, const policy::SclThresholds& thresholds);
// With what an examination has found.
Fate fate_of(const scan::Verdict& verdict, const policy::SclThresholds& thresholds,
             const examination::Result& result, const config::Antivirus& antivirus);

}  // namespace sluice::worker
