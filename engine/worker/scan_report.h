// What the log says about the scan of one message, on its arrival or later.
#pragma once

#include "engine/worker/core_state.h"

namespace sluice::worker {

// Message-ID and Subject, as far as the scanner has seen them.
void report_facts(CoreState& core, const scan::Scanner& scanner, const scan::MessageScan& scan,
                  Mid mid, Icid icid);
void report_verdict(CoreState& core, const scan::Scanner& scanner, const scan::Verdict& verdict,
                    Mid mid, Icid icid, bool refused);

}  // namespace sluice::worker
