#include "queueing/segment_supply.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "engine/base/contract.h"

namespace sluice::queueing {

SegmentSupply::SegmentSupply(const ShardOptions& options, LogDevice& device, SegmentTable& table,
                             std::uint64_t last_sequence)
    : options_(options),
      device_(device),
      table_(table),
      keys_(device.entropy()),
      last_sequence_(last_sequence) {}

void SegmentSupply::add_file(std::uint32_t file) noexcept {
  if (file >= ids_.size()) ids_.resize(file + 1);
  SLUICE_ASSERT(!ids_[file]);
  ids_[file] = true;
  ++files_;
}

void SegmentSupply::add_spare(std::uint32_t file) noexcept {
  add_file(file);
  spares_.push_back({file, 0});
}

// A full queue must start, or it could never drain: the head that outcomes are written to may go
// over segments_max and into the reserve. New mail is refused until there is room again.
std::int64_t SegmentSupply::start(Mid highest_mid) {
  plan_next(highest_mid, kBegunAtStart);
  preparation_.reserve = 0;
  const std::int64_t result = device_.prepare_now(preparation_);
  waiting_ = 0;
  overwritten_ = {};
  if (result < 0) return result;
  next_.ready = true;
  table_.push(next_);
  return 0;
}

void SegmentSupply::poll(Instant now, Mid highest_mid, LogDevice::Token token) noexcept {
  if (state_ == State::ready || under_way_) return;
  if (waiting_ == 0) {
    if (!can_have_file()) {
      state_ = State::refused;
      refusal_code_ = 0;
      return;
    }
    if (state_ == State::refused && now < retry_at_ && !has_file()) return;
    plan_next(highest_mid, 0);
  } else if (now < retry_at_) {
    return;
  }
  // A refusal holds until the file is there: new mail is not taken on a guess.
  if (state_ == State::none) state_ = State::preparing;
  under_way_ = true;
  preparation_.token = token;
  device_.prepare(preparation_);
}

void SegmentSupply::plan_next(Mid highest_mid, std::uint64_t flags) noexcept {
  preparation_ = {.create = !take_file(),
                  .bytes = options_.segment_bytes + kSegmentHeaderBytes,
                  .reserve = options_.disk_reserve,
                  .header = header_};
  preparation_.file = preparation_.create ? free_id() : overwritten_.file;
  if (preparation_.create) add_file(preparation_.file);
  next_ = {++last_sequence_, keys_.next(), preparation_.file, options_.segment_bytes};
  waiting_ = next_.sequence;
  const std::uint64_t oldest = table_.empty() ? next_.sequence : table_.tail().sequence;
  encode_twice({next_.sequence, next_.key, oldest, highest_mid, options_.segment_bytes, flags},
               header_);
}

// The one to be written over into overwritten_; false: there is none. Oldest first: what finished
// the messages of a segment lies in it or behind it.
bool SegmentSupply::take_file() noexcept {
  if (!spares_.empty()) {
    overwritten_ = spares_.front();
    spares_.erase(spares_.begin());
  } else if (table_.clean() != 0) {
    const Segment segment = table_.take(table_.clean());
    overwritten_ = {segment.file, segment.sequence};
  } else {
    return false;
  }
  return true;
}

bool SegmentSupply::prepared(Instant now, std::int64_t result) noexcept {
  SLUICE_ASSERT(under_way_);
  under_way_ = false;
  Segment* promised = table_.find(waiting_);  // already the head: batches wait for its file
  if (result < 0) {
    retry_at_ = now + kRetryAfter;
    state_ = State::refused;
    refusal_code_ = static_cast<int>(-result);
    if (promised == nullptr) give_back_file();
    return promised == nullptr;
  }
  waiting_ = 0;
  overwritten_ = {};
  state_ = promised == nullptr ? State::ready : State::none;
  (promised == nullptr ? next_ : *promised).ready = true;
  return true;
}

void SegmentSupply::give_back_file() noexcept {
  waiting_ = 0;
  if (!preparation_.create) {
    spares_.insert(spares_.begin(), std::exchange(overwritten_, {}));
  } else {
    ids_[preparation_.file] = false;
    --files_;
  }
}

bool SegmentSupply::advance() noexcept {
  if (state_ != State::ready && state_ != State::preparing) return false;
  table_.push(next_);
  state_ = State::none;
  return true;
}

void SegmentSupply::retire_tail(LogDevice::Token token) noexcept {
  const Segment tail = table_.pop_tail();
  spares_.push_back({tail.file, tail.sequence});
  // After a change of segment_bytes no old file is kept.
  while (spares_.size() > (tail.bytes == options_.segment_bytes ? options_.segments_spare : 0)) {
    removing_.push_back(spares_.front());
    device_.remove(spares_.front().file, token | spares_.front().file);
    spares_.erase(spares_.begin());
  }
}

void SegmentSupply::removed(std::uint32_t file) noexcept {
  std::erase_if(removing_, [file](const Freed& freed) { return freed.file == file; });
  ids_[file] = false;
  --files_;
}

bool SegmentSupply::may_count(std::uint64_t first, std::uint64_t end) const noexcept {
  const auto within = [&](const Freed& freed) {
    return freed.sequence >= first && freed.sequence < end;
  };
  return table_.any_within(first, end) || within(overwritten_) ||
         std::ranges::any_of(spares_, within) || std::ranges::any_of(removing_, within);
}

bool SegmentSupply::can_have_file() const noexcept {
  return has_file() || files_ < options_.segments_max;
}

std::uint32_t SegmentSupply::free_id() noexcept {
  for (std::uint32_t id = 0; id < ids_.size(); ++id)
    if (!ids_[id]) return id;
  return static_cast<std::uint32_t>(ids_.size());
}

}  // namespace sluice::queueing
