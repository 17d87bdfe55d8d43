#include "engine/worker/strip.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace sluice::worker {
namespace {

using examination::Held;
using queueing::QueueError;
using scan::attachment::Cut;
using Stored = std::expected<void, QueueError>;

// Appends ranges of what is stored and held, in order.
class Copier {
 public:
  Copier(queueing::Shard& shard, Handle arrival, Handle stored, const examination::Job& job)
      : shard_(shard), arrival_(arrival), stored_(stored), held_(job.first) {}

  Stored copy(std::uint64_t from, std::uint64_t to) {
    while (from < to && held_ != nullptr) {
      const BlockSlice& slice = held_->slice;
      const std::uint64_t end = begin_ + slice.length;
      if (from >= end) {
        begin_ = end;
        held_ = held_->next;
        continue;
      }
      if (const std::uint64_t shared = shard_.share(arrival_, stored_, from, to); shared > 0) {
        from += shared;
        continue;
      }
      const std::uint64_t until = std::min(to, end);
      const BlockSlice piece{slice.block, slice.offset + static_cast<std::uint32_t>(from - begin_),
                             static_cast<std::uint32_t>(until - from)};
      if (auto stored = shard_.append(arrival_, piece); !stored) return stored;
      from = until;
    }
    if (from < to) return std::unexpected(QueueError::io_error);  // never a part of a message
    return {};
  }

 private:
  queueing::Shard& shard_;
  Handle arrival_;
  Handle stored_;
  const Held* held_;
  std::uint64_t begin_ = 0;  // of held_
};

Stored put_note(queueing::Shard& shard, BlockPool& blocks, Handle arrival, std::string_view note) {
  const BlockRef block = blocks.acquire();
  if (!block) return std::unexpected(QueueError::too_many_arrivals);
  const std::size_t size = std::min(note.size(), kBlockBytes);
  std::memcpy(block.data(), note.data(), size);
  return shard.append(arrival, {block, 0, static_cast<std::uint32_t>(size)});
}

std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) out += c >= ' ' && c < 0x7f && c != '"' && c != '\\' ? c : '_';
  return out;
}

}  // namespace

std::expected<Handle, QueueError> store_without(queueing::Shard& shard, BlockPool& blocks, Mid mid,
                                                Handle stored, const examination::Job& job,
                                                std::span<const Cut> cuts,
                                                const scan::attachment::AttachmentRules& rules) {
  const auto arrival = shard.begin(mid);
  if (!arrival) return arrival;
  Copier copier(shard, *arrival, stored, job);
  std::uint64_t at = 0;
  Stored done;
  for (const Cut& cut : cuts) {
    std::string note = note_of(cut, rules.rule(cut.rule).name);
    if (cut.end == job.octets) note += "\r\n";  // no delimiter behind it
    done = copier.copy(at, cut.begin);
    if (done) done = put_note(shard, blocks, *arrival, note);
    if (!done) break;
    at = cut.end;
  }
  if (done) done = copier.copy(at, job.octets);
  if (done) return arrival;
  shard.abandon(*arrival);
  return std::unexpected(done.error());
}

std::string strip_marks(std::span<const Cut> cuts, const scan::attachment::AttachmentRules& rules) {
  std::string text;
  for (const Cut& cut : cuts)
    text += fmt::format("X-Sluice-Attachment: removed; rule={};\r\n\toctets={}; name=\"{}\"\r\n",
                        rules.rule(cut.rule).name, cut.octets, plain(cut.file_name.view()));
  return text;
}

}  // namespace sluice::worker
