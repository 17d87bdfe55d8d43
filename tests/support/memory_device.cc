#include "tests/support/memory_device.h"

#include <algorithm>
#include <cerrno>

namespace sluice::queueing {

void MemoryDevice::crash() {
  // A write that was under way may have got anywhere.
  if (!work_.empty() && work_.front().kind == Kind::write) run_write(work_.front());
  work_.clear();
  for (auto& [id, file] : files_) {
    const double survives = static_cast<double>(random_.below(11)) / 10;
    for (auto& [sector, durable] : file.unsynced)
      if (!random_.chance(survives))
        std::ranges::copy(durable,
                          file.bytes.begin() + static_cast<std::ptrdiff_t>(sector * kSectorBytes));
    file.unsynced.clear();
  }
}

std::expected<std::vector<LogDevice::File>, std::string> MemoryDevice::open(const std::string&) {
  std::vector<File> listed;
  for (const auto& [id, file] : files_) listed.push_back({id, file.bytes.size()});
  return listed;
}

std::int64_t MemoryDevice::read_now(std::uint32_t id, std::uint64_t offset, MutableBytes into) {
  if (faults.read_errors > 0) {
    --faults.read_errors;
    return -EIO;
  }
  const auto& bytes = files_.at(id).bytes;
  if (offset >= bytes.size()) return 0;
  const std::size_t count = std::min<std::size_t>(into.size(), bytes.size() - offset);
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), count, into.data());
  return static_cast<std::int64_t>(count);
}

std::int64_t MemoryDevice::sync_now(std::uint32_t id) {
  ++syncs_;
  if (faults.sync_errors > 0) {
    --faults.sync_errors;
    return -faults.sync_error;
  }
  files_.at(id).unsynced.clear();
  return 0;
}

std::int64_t MemoryDevice::prepare_now(const Preparation& preparation) {
  if (preparation.create) {
    if (faults.free_bytes < preparation.reserve + preparation.bytes) return -ENOSPC;
    if (faults.free_bytes != UINT64_MAX) faults.free_bytes -= preparation.bytes;
    files_[preparation.file].bytes.assign(preparation.bytes, 0);
  }
  MemoryFile& file = files_.at(preparation.file);
  std::ranges::copy(preparation.header, file.bytes.begin());
  file.unsynced.clear();
  return 0;
}

void MemoryDevice::write(const Write& write) noexcept {
  work_.push_back({.kind = Kind::write,
                   .file = write.file,
                   .offset = write.offset,
                   .pieces = {write.pieces.begin(), write.pieces.end()},
                   .token = write.token});
  if (write.then_sync)
    work_.push_back(
        {.kind = Kind::sync, .file = write.file, .token = *write.then_sync, .linked = true});
}

void MemoryDevice::sync(std::uint32_t file, Token token) noexcept {
  work_.push_back({.kind = Kind::sync, .file = file, .token = token});
}

void MemoryDevice::read(std::uint32_t file, std::uint64_t offset, MutableBytes into,
                        Token token) noexcept {
  work_.push_back(
      {.kind = Kind::read, .file = file, .offset = offset, .into = into, .token = token});
}

void MemoryDevice::prepare(const Preparation& preparation) noexcept {
  work_.push_back({.kind = Kind::prepare, .token = preparation.token, .preparation = preparation});
}

void MemoryDevice::remove(std::uint32_t file, Token token) noexcept {
  work_.push_back({.kind = Kind::remove, .file = file, .token = token});
}

std::size_t MemoryDevice::poll(std::span<Completion> completions) noexcept {
  std::size_t count = 0;
  while (count < completions.size() && !work_.empty()) {
    if (faults.late > 0 && random_.chance(faults.late)) break;
    if (faults.hold_syncs && work_.front().kind == Kind::sync) break;
    Work work = std::move(work_.front());
    work_.pop_front();
    completions[count++] = {work.token, run(work)};
  }
  return count;
}

std::int64_t MemoryDevice::run(Work& work) {
  switch (work.kind) {
    case Kind::write: return run_write(work);
    case Kind::sync: return work.linked && write_failed_ ? -ECANCELED : sync_now(work.file);
    case Kind::read: return read_now(work.file, work.offset, work.into);
    case Kind::prepare: return prepare_now(work.preparation);
    case Kind::remove: remove_now(work.file); return 0;
  }
  return -EINVAL;
}

std::int64_t MemoryDevice::run_write(const Work& work) {
  ++writes_;
  std::vector<std::uint8_t> octets;
  for (const iovec& piece : work.pieces) {
    const auto* from = static_cast<const std::uint8_t*>(piece.iov_base);
    octets.insert(octets.end(), from, from + piece.iov_len);
  }
  write_failed_ = faults.write_errors > 0 || faults.short_writes > 0;
  if (write_failed_) octets.resize(octets.size() / 2);
  put(files_.at(work.file), work.offset, octets);
  if (faults.write_errors > 0) {
    --faults.write_errors;
    return -faults.write_error;
  }
  if (write_failed_) --faults.short_writes;
  return static_cast<std::int64_t>(octets.size());
}

void MemoryDevice::put(MemoryFile& file, std::uint64_t offset, ByteView octets) {
  if (octets.empty()) return;
  for (std::uint64_t sector = offset / kSectorBytes;
       sector <= (offset + octets.size() - 1) / kSectorBytes; ++sector) {
    const auto begin = file.bytes.begin() + static_cast<std::ptrdiff_t>(sector * kSectorBytes);
    file.unsynced.try_emplace(sector, begin, begin + kSectorBytes);
  }
  std::ranges::copy(octets, file.bytes.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace sluice::queueing
