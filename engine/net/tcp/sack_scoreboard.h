// The SACK scoreboard (RFC 2018, 2883, 6675). The marks are those of the packets in the send queue;
// these functions read SACK blocks into marks.
#pragma once

#include <optional>
#include <span>

#include "engine/net/tcp/send_queue.h"
#include "engine/net/wire/tcp_options.h"

namespace sluice::net::tcp {

inline constexpr std::uint32_t kDuplicateThreshold = 3;      // DupThresh of RFC 5681 and RFC 6675
inline constexpr std::uint32_t kScoreboardStepsMax = 8'192;  // packets looked at per ACK

// The block with which the peer says that it received something twice (RFC 2883 4): the first one,
// when it lies below the cumulative ACK or within the second.
std::optional<SackBlock> duplicate_block(std::span<const SackBlock> blocks, Sequence ack) noexcept;

// Marks the packets that lie wholly within `blocks`. A block that does not lie within
// `una`..`sent_end` says nothing (RFC 2018 5.1 with RFC 5961 in mind).
void take_sack_blocks(SendQueue& queue, std::span<const SackBlock> blocks, Sequence una,
                      Sequence sent_end, AckSample& sample) noexcept;

// IsLost of RFC 6675 4: marks each original above which more than (DupThresh - 1) * SMSS octets
// were SACKed. What is lost as a retransmission is left to the timeout.
void mark_lost_by_threshold(SendQueue& queue, std::uint32_t mss,
                            FlightWatcher* watcher = nullptr) noexcept;

}  // namespace sluice::net::tcp
