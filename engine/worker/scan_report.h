// What the log says about the scan of one message, on its arrival or later, and where that put it.
#pragma once

#include "engine/policy/disposition.h"
#include "engine/worker/core_state.h"

namespace sluice::worker {

// Message-ID and Subject, as far as the scanner has seen them.
void report_facts(CoreState& core, const scan::Scanner& scanner, const scan::MessageScan& scan,
                  Mid mid, Icid icid);
void report_verdict(CoreState& core, const scan::Scanner& scanner, const scan::Verdict& verdict,
                    Mid mid, Icid icid, policy::Disposition disposition);
// Where it waits now that it is durable, or why it was not stored.
void report_stored(CoreState& core, const queueing::Shard::Committed& done);
// `reason` as of EventKind::queue_held.
void report_held(CoreState& core, Mid mid, std::int8_t scl, std::string_view reason);
void report_discarded(CoreState& core, Mid mid, Icid icid, std::int8_t scl);

// What the anti-virus engine said, if it was asked.
void report_antivirus(CoreState& core, const examination::Result& result, Mid mid, Icid icid);

// The files that were taken out.
void report_stripped(CoreState& core, std::span<const scan::attachment::Cut> cuts,
                     const scan::attachment::AttachmentRules& rules, Mid mid, Icid icid);

}  // namespace sluice::worker
