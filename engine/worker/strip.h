// A message stored anew without some of its parts, before anybody was told that it was accepted.
#pragma once

#include <expected>
#include <span>

#include "engine/base/block.h"
#include "engine/examination/job.h"
#include "queueing/shard.h"
#include "scanners/attachment/cut.h"

namespace sluice::worker {

// Of the whole message that `job` holds and `stored` is the arrival of: what stays is shared in the
// log, and at the edges of a cut stored from the same blocks; each cut has a note in its place. The
// arrival is to be committed instead of `stored`.
std::expected<Handle, queueing::QueueError> store_without(
    queueing::Shard& shard, BlockPool& blocks, Mid mid, Handle stored, const examination::Job& job,
    std::span<const scan::attachment::Cut> cuts, const scan::attachment::AttachmentRules& rules);

// The header fields that tell of it, "X-Sluice-Attachment: removed; …", complete lines.
std::string strip_marks(std::span<const scan::attachment::Cut> cuts,
                        const scan::attachment::AttachmentRules& rules);

}  // namespace sluice::worker
