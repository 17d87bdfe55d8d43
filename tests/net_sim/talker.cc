#include "tests/net_sim/talker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sluice::net::test {
namespace {

std::uint8_t pattern(std::uint64_t stream, std::uint64_t offset) {
  const std::uint64_t mixed = (offset + stream * 0x9e3779b97f4a7c15ULL) * 0xbf58476d1ce4e5b9ULL;
  return static_cast<std::uint8_t>(mixed >> 37);
}

}  // namespace

void Talker::start(Transport& stack, Connection& connection, Instant now) {
  stack_ = &stack;
  connection_ = &connection;
  started_ = true;
  progress_ = now;
}

Instant Talker::work(Instant now, Random& random) {
  if (connection_ == nullptr) return Instant::never();
  if (connection_->state() == Connection::State::opening) return Instant::never();
  if (connection_->state() == Connection::State::failed) {
    failure_ = connection_->error();
    finish(now);
    return Instant::never();
  }
  opened_ = true;
  read(now, random);
  write(now, random);
  if (says_.written + hears_.read >= habit_.aborts_after) {
    connection_->abort();
    finish(now);
    return Instant::never();
  }
  if (says_.written == total() && !closed_) {
    connection_->close();
    closed_ = true;
  }
  if (closed_ && (habit_.leaves_early || connection_->read_finished())) finish(now);
  const bool unread = connection_ != nullptr && !connection_->readable().empty();
  return unread ? std::max(reads_at_, now) : Instant::never();
}

void Talker::read(Instant now, Random& random) {
  std::uint32_t budget = habit_.read_max;
  if (now < reads_at_) return;
  while (budget > 0 && !connection_->readable().empty()) {
    const ByteView octets = connection_->readable();
    const std::size_t most = std::min<std::size_t>(octets.size(), budget);
    const std::size_t count = 1 + random.below(most);
    for (std::size_t i = 0; i < count; ++i)
      if (octets[i] != pattern(hears_.seed, hears_.read + i)) fault_ = "an octet is changed";
    connection_->consume(count);
    hears_.read += count;
    budget -= static_cast<std::uint32_t>(count);
    progress_ = now;
    if (hears_.read > hears_.written) fault_ = "more was read than was written";
  }
  if (budget < habit_.read_max) reads_at_ = now + habit_.read_pause;
}

// The end of what its rules allow it to say so far.
std::uint64_t Talker::may_have_written() const {
  if (habit_.waits_for_end) return connection_->read_finished() ? total() : 0;
  if (!habit_.takes_turns || expected_ == 0) return total();
  const std::uint64_t heard = hears_.read / expected_ + (speaks_first_ ? 1 : 0);
  return std::min<std::uint64_t>(total(), heard * habit_.octets);
}

void Talker::write(Instant now, Random& random) {
  std::array<std::uint8_t, 8'192> buffer;
  const std::uint64_t end = may_have_written();
  while (says_.written < end) {
    const std::size_t count =
        std::min<std::uint64_t>(end - says_.written, 1 + random.below(buffer.size()));
    for (std::size_t i = 0; i < count; ++i) buffer[i] = pattern(says_.seed, says_.written + i);
    const std::size_t taken = connection_->write({buffer.data(), count});
    says_.written += taken;
    if (taken > 0) progress_ = now;
    if (taken < count) return;
  }
}

std::string Talker::describe() const {
  if (connection_ == nullptr) return started_ ? "over" : "not begun";
  return fmt::format("wrote {}, {} octets unread, {} more may be written, last progress at {} ms{}",
                     says_.written, connection_->readable().size(), connection_->write_space(),
                     Duration{progress_.ns}.ms(), closed_ ? ", closed" : "");
}

void Talker::give_up(Instant now) {
  if (connection_ == nullptr) return;
  connection_->abort();
  finish(now);
}

void Talker::finish(Instant now) {
  ended_ = now;
  stack_->release(*connection_);
  connection_ = nullptr;
}

}  // namespace sluice::net::test
