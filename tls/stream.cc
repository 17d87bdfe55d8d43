#include "tls/stream.h"

#include <algorithm>
#include <utility>

#include "engine/base/contract.h"

namespace sluice::tls {

ReadBuffers::ReadBuffers(std::size_t spare_count) : scratch_(std::make_unique<Buffer>()) {
  spare_.reserve(spare_count);
  for (std::size_t i = 0; i < spare_count; ++i) spare_.push_back(std::make_unique<Buffer>());
}

std::unique_ptr<ReadBuffers::Buffer> ReadBuffers::take_spare() noexcept {
  SLUICE_ASSERT(!spare_.empty());
  std::unique_ptr<Buffer> buffer = std::move(spare_.back());
  spare_.pop_back();
  return buffer;
}

void ReadBuffers::give_back(std::unique_ptr<Buffer> buffer) noexcept {
  spare_.push_back(std::move(buffer));
}

ByteView Stream::readable() noexcept {
  if (!plain_.empty() || ended_) return plain_;
  peeked_ = !buffers_.has_spare();
  MutableBytes scratch(buffers_.scratch());
  std::size_t count = 0;
  note(peeked_ ? session_.peek(scratch, count) : session_.read(scratch, count));
  plain_ = scratch.first(count);
  return plain_;
}

void Stream::consume(std::size_t count) noexcept {
  SLUICE_ASSERT(count <= plain_.size());
  plain_ = plain_.subspan(count);
  if (peeked_) {
    std::size_t taken = 0;
    note(session_.read(MutableBytes(buffers_.scratch()).first(count), taken));
    SLUICE_ASSERT(taken == count);
    plain_ = {};  // the scratch buffer's start was written over
  } else if (plain_.empty()) {
    drop_parked();
  }
}

std::size_t Stream::write(ByteView octets) noexcept {
  if (failed_ || octets.empty()) return 0;
  std::size_t count = 0;
  note(session_.write(octets, count));
  return count;
}

void Stream::park() noexcept {
  if (plain_.empty() || parked_) return;
  if (peeked_) {
    plain_ = {};  // OpenSSL still has it
    return;
  }
  parked_ = buffers_.take_spare();
  std::copy(plain_.begin(), plain_.end(), parked_->begin());
  plain_ = ByteView(*parked_).first(plain_.size());
}

void Stream::reset() noexcept {
  drop_parked();
  plain_ = {};
  session_.reset();
  peeked_ = ended_ = failed_ = false;
}

void Stream::note(Outcome outcome) noexcept {
  ended_ = ended_ || outcome == Outcome::closed || outcome == Outcome::failed;
  failed_ = failed_ || outcome == Outcome::failed;
}

void Stream::drop_parked() noexcept {
  if (parked_) buffers_.give_back(std::move(parked_));
}

}  // namespace sluice::tls
