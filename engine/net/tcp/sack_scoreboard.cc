#include "engine/net/tcp/sack_scoreboard.h"

#include <algorithm>
#include <array>

namespace sluice::net::tcp {
namespace {

struct Walk {
  Packet* at;
  std::uint32_t steps = kScoreboardStepsMax;
};

bool within(const SackBlock& inner, const SackBlock& outer) noexcept {
  return at_or_after(inner.left, outer.left) && at_or_before(inner.right, outer.right);
}

// Keeps what lies within `una`..`sent_end`, from low to high, so that one walk over the queue
// serves all blocks and RACK sees packets in order of sequence.
std::size_t sort_usable(std::span<const SackBlock> blocks, Sequence una, Sequence sent_end,
                        std::array<SackBlock, kSackBlocksMax>& usable) noexcept {
  std::size_t count = 0;
  for (const SackBlock& block : blocks) {
    const bool sound = after(block.left, una) && before(block.left, block.right) &&
                       at_or_before(block.right, sent_end);
    if (!sound || count == usable.size()) continue;
    std::size_t at = count++;
    for (; at > 0 && before(block.left, usable[at - 1].left); --at) usable[at] = usable[at - 1];
    usable[at] = block;
  }
  return count;
}

// Marks what lies in `block`; the walk goes on from where it stands. A run of SACKed packets is one
// step, and the runs that the block joins become one.
void mark_block(SendQueue& queue, const SackBlock& block, Walk& walk, AckSample& sample) noexcept {
  Packet* run = nullptr;
  for (; walk.at != queue.next_to_send() && walk.steps > 0; walk.at = walk.at->next, --walk.steps) {
    Packet* packet = walk.at;
    if (at_or_after(packet->sequence, block.right)) return;
    if ((packet->marks & kSacked) == 0) {
      const bool covered =
          at_or_after(packet->sequence, block.left) && at_or_before(end_of(*packet), block.right);
      if (!covered) {
        run = nullptr;
        continue;
      }
      queue.mark_sacked(*packet, sample);
    }
    if (run == nullptr) run = packet;
    walk.at = SendQueue::end_of_run(*packet);
    SendQueue::extend_run(*run, *walk.at);
  }
}

}  // namespace

std::optional<SackBlock> duplicate_block(std::span<const SackBlock> blocks, Sequence ack) noexcept {
  if (blocks.empty() || !before(blocks[0].left, blocks[0].right)) return {};
  const bool below = at_or_before(blocks[0].right, ack);
  const bool repeated = blocks.size() > 1 && within(blocks[0], blocks[1]);
  if (!below && !repeated) return {};
  return blocks[0];
}

void take_sack_blocks(SendQueue& queue, std::span<const SackBlock> blocks, Sequence una,
                      Sequence sent_end, AckSample& sample) noexcept {
  std::array<SackBlock, kSackBlocksMax> usable;
  const std::size_t count = sort_usable(blocks, una, sent_end, usable);
  if (count == 0) return;
  Walk walk{queue.first()};
  for (std::size_t i = 0; i < count; ++i) mark_block(queue, usable[i], walk, sample);
}

void mark_lost_by_threshold(SendQueue& queue, std::uint32_t mss, FlightWatcher* watcher) noexcept {
  std::uint32_t above = queue.sacked();
  std::uint32_t steps = kScoreboardStepsMax;
  for (Packet* packet = queue.first(); packet != queue.next_to_send() && steps > 0;
       packet = packet->next, --steps) {
    if ((packet->marks & kSacked) != 0) {
      Packet* const last = SendQueue::end_of_run(*packet);
      above -= end_of(*last) - packet->sequence;
      packet = last;
      continue;
    }
    if (above <= (kDuplicateThreshold - 1) * mss) return;
    if ((packet->marks & (kLost | kRetransmitted)) == 0) queue.mark_lost(*packet, watcher);
  }
}

}  // namespace sluice::net::tcp
