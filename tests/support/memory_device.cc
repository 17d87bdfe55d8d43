#include "tests/support/memory_device.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace sluice::queueing {

void MemoryDevice::crash() {
  // A write that was under way may have got anywhere.
  if (!power_is_gone_ && !work_.empty() && work_.front().kind == Kind::write) {
    faults.write_errors = 0;
    run_write(work_.front());
  }
  work_.clear();
  for (auto& [id, file] : files_) forget_unsynced(file);
  power_is_gone_ = false;
  faults.cut_after = UINT64_MAX;
}

// Each sector is there in the last version, in an earlier one, or not at all.
void MemoryDevice::forget_unsynced(MemoryFile& file) {
  const double survives = static_cast<double>(random_.below(11)) / 10;
  for (auto& [sector, versions] : file.unsynced) {
    const bool kept = random_.chance(survives);
    const Octets& now = kept ? versions.back() : versions[random_.below(versions.size())];
    const std::uint64_t begin = sector * faults.sector_bytes;
    std::ranges::copy(now, file.bytes.begin() + static_cast<std::ptrdiff_t>(begin));
    if (random_.chance(faults.ruined)) file.ruined.insert(sector);
  }
  file.unsynced.clear();
}

std::expected<std::vector<LogDevice::File>, std::string> MemoryDevice::open(const std::string&) {
  std::vector<File> listed;
  for (const auto& [id, file] : files_) listed.push_back({id, file.bytes.size()});
  was_left_open_ = std::exchange(left_open_, true);
  return listed;
}

std::int64_t MemoryDevice::read_now(std::uint32_t id, std::uint64_t offset, MutableBytes into) {
  if (faults.read_errors > 0) {
    --faults.read_errors;
    return -EIO;
  }
  const MemoryFile& file = files_.at(id);
  if (offset >= file.bytes.size()) return 0;
  const std::size_t count = std::min<std::size_t>(into.size(), file.bytes.size() - offset);
  if (count > 0 && !file.ruined.empty()) {
    const auto bad = file.ruined.lower_bound(offset / faults.sector_bytes);
    if (bad != file.ruined.end() && *bad * faults.sector_bytes < offset + count) return -EIO;
  }
  std::copy_n(file.bytes.begin() + static_cast<std::ptrdiff_t>(offset), count, into.data());
  return static_cast<std::int64_t>(count);
}

bool MemoryDevice::power_lasts() {
  if (faults.cut_after == 0) power_is_gone_ = true;
  if (faults.cut_after != UINT64_MAX && !power_is_gone_) --faults.cut_after;
  return !power_is_gone_;
}

std::int64_t MemoryDevice::sync_now(std::uint32_t id) {
  if (!power_lasts()) return -EIO;
  ++syncs_;
  if (faults.read_only) return -EROFS;
  if (faults.sync_errors > 0) {
    --faults.sync_errors;
    return -faults.sync_error;
  }
  if (faults.lost_syncs > 0)
    --faults.lost_syncs;
  else
    files_.at(id).unsynced.clear();
  return 0;
}

std::int64_t MemoryDevice::prepare_now(const Preparation& preparation) {
  if (faults.read_only) return -EROFS;
  if (preparation.create) {
    if (faults.free_bytes < preparation.reserve + preparation.bytes) return -ENOSPC;
    if (!power_lasts()) return -EIO;
    if (faults.free_bytes != UINT64_MAX) faults.free_bytes -= preparation.bytes;
    files_[preparation.file].bytes.assign(preparation.bytes, 0);
  }
  if (!power_lasts()) return -EIO;
  MemoryFile& file = files_.at(preparation.file);
  put(file, 0, preparation.header);
  put(file, file.bytes.size() - preparation.header.size(), preparation.header);
  if (!power_lasts()) return -EIO;
  file.unsynced.clear();
  return 0;
}

void MemoryDevice::write(const Write& write) noexcept {
  work_.push_back({.kind = Kind::write,
                   .file = write.file,
                   .offset = write.offset,
                   .pieces = {write.pieces.begin(), write.pieces.end()},
                   .token = write.token,
                   .then_sync = write.then_sync});
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

// Nothing completes any more once the power is gone.
std::size_t MemoryDevice::poll(std::span<Completion> completions) noexcept {
  std::size_t count = 0;
  while (count < completions.size() && !work_.empty()) {
    if (faults.late > 0 && random_.chance(faults.late)) break;
    std::size_t turn = 0;
    if (faults.reorder > 0 && random_.chance(faults.reorder)) turn = random_.below(work_.size());
    if (faults.hold_syncs && work_[turn].kind == Kind::sync) break;
    const Work work = std::move(work_[turn]);
    work_.erase(work_.begin() + static_cast<std::ptrdiff_t>(turn));
    const std::int64_t result = run(work);
    if (power_is_gone_) break;
    completions[count++] = {work.token, result};
    if (!work.then_sync) continue;
    std::uint64_t octets = 0;
    for (const iovec& piece : work.pieces) octets += piece.iov_len;
    const bool whole = result == static_cast<std::int64_t>(octets);
    work_.push_front(
        {.kind = Kind::sync, .file = work.file, .token = *work.then_sync, .cancelled = !whole});
  }
  return count;
}

std::int64_t MemoryDevice::run(const Work& work) {
  switch (work.kind) {
    case Kind::write: return run_write(work);
    case Kind::sync: return work.cancelled ? -ECANCELED : sync_now(work.file);
    case Kind::read: return read_now(work.file, work.offset, work.into);
    case Kind::prepare: return prepare_now(work.preparation);
    case Kind::remove: remove_now(work.file); return 0;
  }
  return -EINVAL;
}

std::int64_t MemoryDevice::run_write(const Work& work) {
  ++writes_;
  if (faults.read_only) return -EROFS;
  std::vector<std::uint8_t> octets;
  for (const iovec& piece : work.pieces) {
    const auto* from = static_cast<const std::uint8_t*>(piece.iov_base);
    octets.insert(octets.end(), from, from + piece.iov_len);
  }
  const bool cut = faults.write_errors > 0 || faults.short_writes > 0;
  if (cut) octets.resize(octets.size() / 2);
  put(files_.at(work.file), work.offset, octets);
  if (!power_lasts()) return -EIO;  // its sectors are lost or not, like all that was not synced
  if (faults.write_errors > 0) {
    --faults.write_errors;
    return -faults.write_error;
  }
  if (cut) --faults.short_writes;
  return static_cast<std::int64_t>(octets.size());
}

void MemoryDevice::put(MemoryFile& file, std::uint64_t offset, ByteView octets) {
  if (octets.empty()) return;
  const std::size_t size = faults.sector_bytes;
  const std::uint64_t first = offset / size, last = (offset + octets.size() - 1) / size;
  const auto at = [&](std::uint64_t octet) {
    return file.bytes.begin() + static_cast<std::ptrdiff_t>(octet);
  };
  for (std::uint64_t sector = first; sector <= last; ++sector)
    file.unsynced[sector].resize(std::max<std::size_t>(1, file.unsynced[sector].size()),
                                 Octets(at(sector * size), at((sector + 1) * size)));
  std::ranges::copy(octets, at(offset));
  for (std::uint64_t sector = first; sector <= last; ++sector) {
    file.unsynced[sector].emplace_back(at(sector * size), at((sector + 1) * size));
    file.ruined.erase(sector);
  }
}

}  // namespace sluice::queueing
