#include "queueing/body_reader.h"

#include <algorithm>

#include "engine/base/contract.h"
#include "engine/base/crc32c.h"
#include "queueing/record.h"

namespace sluice::queueing {
namespace {

std::size_t copy_resident(const LiveMessage& live, std::uint64_t offset, MutableBytes into) {
  std::size_t done = 0;
  for (const BlockSlice& slice : live.resident) {
    if (offset >= slice.length) {
      offset -= slice.length;
      continue;
    }
    const ByteView from = slice.bytes().subspan(offset);
    const std::size_t count = std::min(from.size(), into.size() - done);
    std::copy_n(from.data(), count, into.data() + done);
    done += count;
    offset = 0;
    if (done == into.size()) break;
  }
  return done;
}

}  // namespace

std::optional<ByteView> checked_chunk(ByteView record, std::uint64_t key, std::uint32_t length) {
  const auto header = decode_record_header(record, key);
  if (!header || header->type != RecordType::chunk || header->length != length ||
      record.size() < kRecordHeaderBytes + length)
    return std::nullopt;
  const ByteView payload = record.subspan(kRecordHeaderBytes, length);
  if (crc32c(payload, crc_of_header(*header, key)) != header->crc) return std::nullopt;
  return payload;
}

BodyReader::BodyReader(std::size_t reads_max, LogDevice::Token token_kind, LogDevice& device,
                       LiveIndex& index, SegmentTable& table)
    : token_kind_(token_kind), device_(device), index_(index), table_(table), reads_(reads_max) {
  for (Read& read : reads_) {
    read.record.resize(record_bytes(kChunkBytesMax));
    free_.push_back(static_cast<std::uint32_t>(&read - reads_.data()));
  }
}

bool BodyReader::start(LiveMessage& live, std::uint64_t offset, MutableBytes into,
                       std::uint64_t token) noexcept {
  if (!live.resident.empty()) {
    done_.push({token, copy_resident(live, offset, into)});
    return true;
  }
  if (free_.empty()) return false;
  Read& read = reads_[free_.back()];
  free_.pop_back();
  read.mid = live.message.mid;
  read.offset = offset;
  read.into = into;
  read.done = 0;
  read.token = token;
  go_on(read);
  return true;
}

// Reads the chunk with the next wanted octet, or ends the read.
void BodyReader::go_on(Read& read) noexcept {
  LiveMessage* live = index_.find(read.mid);
  if (live == nullptr) return finish(read, false);
  std::uint64_t position = read.offset + read.done;
  if (read.done == read.into.size() || position >= live->message.body_size)
    return finish(read, true);
  for (const Location& chunk : live->chunks) {
    if (position >= chunk.length) {
      position -= chunk.length;
      continue;
    }
    Segment* segment = table_.find(chunk.sequence);
    SLUICE_ASSERT(segment != nullptr);
    table_.pin(chunk.sequence);
    read.chunk = chunk;
    read.skip = static_cast<std::uint32_t>(position);
    device_.read(segment->file, chunk.offset,
                 {read.record.data(), kRecordHeaderBytes + chunk.length},
                 token_kind_ | static_cast<LogDevice::Token>(&read - reads_.data()));
    return;
  }
  finish(read, false);
}

void BodyReader::on_read(LogDevice::Token token, std::int64_t result) noexcept {
  Read& read = reads_[token & ~token_kind_];
  if (take_chunk(read, result)) return go_on(read);
  finish(read, false);
}

bool BodyReader::take_chunk(Read& read, std::int64_t result) noexcept {
  const Segment* segment = table_.find(read.chunk.sequence);
  SLUICE_ASSERT(segment != nullptr);
  const std::uint64_t key = segment->key;
  table_.unpin(read.chunk.sequence);
  if (result != kRecordHeaderBytes + static_cast<std::int64_t>(read.chunk.length)) return false;
  const auto payload = checked_chunk(read.record, key, read.chunk.length);
  if (!payload) return false;
  const ByteView wanted = payload->subspan(read.skip);
  const std::size_t count = std::min(wanted.size(), read.into.size() - read.done);
  std::copy_n(wanted.data(), count, read.into.data() + read.done);
  read.done += count;
  return true;
}

void BodyReader::finish(Read& read, bool good) noexcept {
  if (good)
    done_.push({read.token, read.done});
  else
    done_.push({read.token, std::unexpected(QueueError::io_error)});
  free_.push_back(static_cast<std::uint32_t>(&read - reads_.data()));
}

bool BodyReader::next(Shard::ReadDone& out) noexcept {
  if (done_.empty()) return false;
  out = done_.pop();
  return true;
}

}  // namespace sluice::queueing
