#include "queueing/record.h"

#include <cstring>

#include "engine/base/contract.h"
#include "engine/base/crc32c.h"

namespace sluice::queueing {
namespace {

constexpr std::size_t kCrcOffset = 8;
constexpr std::size_t kCrcCovers = 12;  // from here to the end of the record header

constexpr std::uint8_t kDelayTold = 1;  // flag of a progress

template <typename T>
void put(MutableBytes into, std::size_t offset, T value) noexcept {
  std::memcpy(into.data() + offset, &value, sizeof value);
}

template <typename T>
T get(ByteView bytes, std::size_t offset) noexcept {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

void put_bytes(MutableBytes into, std::size_t& offset, ByteView bytes) noexcept {
  if (!bytes.empty()) std::memcpy(into.data() + offset, bytes.data(), bytes.size());
  offset += bytes.size();
}

void put_progress(MutableBytes into, const RecipientProgress& progress) noexcept {
  put(into, 0, static_cast<std::uint8_t>(progress.status));
  put(into, 1, progress.delay_told ? kDelayTold : std::uint8_t{0});
  put(into, 2, progress.attempts);
  put(into, 4, progress.next_attempt.ns);
}

RecipientProgress get_progress(ByteView bytes) noexcept {
  return {.status = static_cast<RecipientStatus>(get<std::uint8_t>(bytes, 0)),
          .delay_told = (get<std::uint8_t>(bytes, 1) & kDelayTold) != 0,
          .attempts = get<std::uint16_t>(bytes, 2),
          .next_attempt = WallTime{get<std::int64_t>(bytes, 4)}};
}

bool known_status(std::uint8_t status) noexcept {
  return status <= static_cast<std::uint8_t>(RecipientStatus::deleted);
}

}  // namespace

void encode_twice(const SegmentHeader& header, MutableBytes page) noexcept {
  SLUICE_ASSERT(page.size() == kSegmentHeaderBytes);
  std::memset(page.data(), 0, page.size());
  const MutableBytes into = page.first(kSegmentHeaderEncodedBytes);
  put(into, 0, kSegmentMagic);
  put(into, 8, header.version);
  put(into, 16, header.sequence);
  put(into, 24, header.key);
  put(into, 32, header.oldest);
  put(into, 40, header.highest_mid);
  put(into, 48, header.segment_bytes);
  put(into, 56, header.flags);
  put(into, 12, crc32c(into.subspan(16)));
  std::memcpy(page.data() + kHeaderCopyOffset, into.data(), into.size());
}

std::optional<SegmentHeader> decode_either(ByteView page) noexcept {
  auto first = decode_segment_header(page);
  if (page.size() < kHeaderCopyOffset) return first;
  auto second = decode_segment_header(page.subspan(kHeaderCopyOffset));
  if (!first || (second && second->sequence > first->sequence)) return second;
  return first;
}

std::optional<SegmentHeader> decode_segment_header(ByteView bytes) noexcept {
  if (bytes.size() < kSegmentHeaderEncodedBytes) return std::nullopt;
  if (get<std::uint64_t>(bytes, 0) != kSegmentMagic) return std::nullopt;
  const auto version = get<std::uint32_t>(bytes, 8);
  if (version < kOldestVersion || version > kFormatVersion) return std::nullopt;
  if (get<std::uint32_t>(bytes, 12) != crc32c(bytes.subspan(16, kSegmentHeaderEncodedBytes - 16)))
    return std::nullopt;
  return SegmentHeader{get<std::uint64_t>(bytes, 16),
                       get<std::uint64_t>(bytes, 24),
                       get<std::uint64_t>(bytes, 32),
                       get<std::uint64_t>(bytes, 40),
                       get<std::uint64_t>(bytes, 48),
                       get<std::uint64_t>(bytes, 56),
                       version};
}

std::uint32_t format_version_of(ByteView page) noexcept {
  if (page.size() < kHeaderCopyOffset + kSegmentHeaderEncodedBytes) return 0;
  const auto first = get<std::uint64_t>(page, 0),
             second = get<std::uint64_t>(page, kHeaderCopyOffset);
  const auto version = get<std::uint32_t>(page, 8);
  const bool both = version == get<std::uint32_t>(page, kHeaderCopyOffset + 8);
  return first == kSegmentMagic && second == kSegmentMagic && both ? version : 0;
}

std::uint32_t crc_of_header(const RecordHeader& header, std::uint64_t key) noexcept {
  std::uint8_t encoded[kRecordHeaderBytes];
  encode(header, key, encoded);
  const std::uint32_t crc = crc32c({encoded, kCrcOffset});
  return crc32c({encoded + kCrcCovers, kRecordHeaderBytes - kCrcCovers}, crc);
}

void encode(const RecordHeader& header, std::uint64_t key, MutableBytes into) noexcept {
  SLUICE_ASSERT(into.size() >= kRecordHeaderBytes);
  put(into, 0, key);
  put(into, kCrcOffset, header.crc);
  put(into, 12, header.length);
  put(into, 16, header.mid);
  put(into, 24, static_cast<std::uint64_t>(header.type));
}

std::optional<RecordHeader> decode_record_header(ByteView bytes, std::uint64_t key) noexcept {
  if (bytes.size() < kRecordHeaderBytes || get<std::uint64_t>(bytes, 0) != key) return std::nullopt;
  const auto type = get<std::uint64_t>(bytes, 24);
  const auto length = get<std::uint32_t>(bytes, 12);
  if (type < 1 || type > 4 || length > kPayloadBytesMax) return std::nullopt;
  return RecordHeader{static_cast<RecordType>(type), get<std::uint64_t>(bytes, 16), length,
                      get<std::uint32_t>(bytes, kCrcOffset)};
}

std::uint64_t encoded_bytes(const CommitRecord& commit) noexcept {
  return kCommitFixedBytes + std::uint64_t{kChunkLocationBytes} * commit.chunks.size() +
         std::uint64_t{kProgressBytes} * commit.progress.size() + commit.envelope.size() +
         commit.added_header.size();
}

void encode(const CommitRecord& commit, MutableBytes into) noexcept {
  SLUICE_ASSERT(into.size() == encoded_bytes(commit));
  SLUICE_ASSERT(commit.progress.empty() || commit.progress.size() == commit.recipient_count);
  put(into, 0, commit.icid);
  put(into, 8, commit.received.ns);
  put(into, 16, commit.body_size);
  put(into, 24, static_cast<std::uint32_t>(commit.chunks.size()));
  put(into, 28, commit.recipient_count);
  put(into, 32, static_cast<std::uint32_t>(commit.envelope.size()));
  put(into, 36, static_cast<std::uint32_t>(commit.added_header.size()));
  put(into, 40, commit.scl);
  put(into, 41, static_cast<std::uint8_t>(!commit.progress.empty()));
  put(into, 42, static_cast<std::uint8_t>(commit.direction));
  put(into, 43, static_cast<std::uint8_t>(commit.stage));
  std::memset(into.data() + 44, 0, kCommitFixedBytes - 44);
  std::size_t offset = kCommitFixedBytes;
  for (const Location& chunk : commit.chunks) {
    put(into, offset, chunk.sequence);
    put(into, offset + 8, chunk.offset);
    put(into, offset + 12, chunk.length);
    offset += kChunkLocationBytes;
  }
  for (const RecipientProgress& progress : commit.progress) {
    put_progress(into.subspan(offset), progress);
    offset += kProgressBytes;
  }
  put_bytes(into, offset, commit.envelope);
  put_bytes(into, offset, commit.added_header);
}

std::optional<CommitRecord> decode_commit(ByteView payload) noexcept {
  if (payload.size() < kCommitFixedBytes) return std::nullopt;
  CommitRecord commit;
  commit.icid = get<std::uint64_t>(payload, 0);
  commit.received = {get<std::int64_t>(payload, 8)};
  commit.body_size = get<std::uint64_t>(payload, 16);
  commit.recipient_count = get<std::uint32_t>(payload, 28);
  commit.scl = get<std::int8_t>(payload, 40);
  const auto direction = get<std::uint8_t>(payload, 42);
  const auto stage = get<std::uint8_t>(payload, 43);
  if (direction > static_cast<std::uint8_t>(Direction::outbound)) return std::nullopt;
  if (stage > static_cast<std::uint8_t>(Stage::poison)) return std::nullopt;
  commit.direction = static_cast<Direction>(direction);
  commit.stage = static_cast<Stage>(stage);
  const std::uint64_t chunks = std::uint64_t{get<std::uint32_t>(payload, 24)} * kChunkLocationBytes;
  const bool has_progress = get<std::uint8_t>(payload, 41) != 0;
  const std::uint64_t progress =
      has_progress ? std::uint64_t{commit.recipient_count} * kProgressBytes : 0;
  const std::uint64_t envelope = get<std::uint32_t>(payload, 32);
  const std::uint64_t header = get<std::uint32_t>(payload, 36);
  if (kCommitFixedBytes + chunks + progress + envelope + header != payload.size())
    return std::nullopt;
  if (commit.recipient_count > payload.size()) return std::nullopt;  // each takes octets in it
  commit.encoded_chunks = payload.subspan(kCommitFixedBytes, chunks);
  commit.encoded_progress = payload.subspan(kCommitFixedBytes + chunks, progress);
  for (std::size_t at = 0; at < progress; at += kProgressBytes)
    if (!known_status(commit.encoded_progress[at])) return std::nullopt;
  commit.envelope = payload.subspan(kCommitFixedBytes + chunks + progress, envelope);
  commit.added_header = payload.last(header);
  return commit;
}

Location CommitRecord::chunk(std::uint32_t index) const noexcept {
  const std::size_t at = std::size_t{index} * kChunkLocationBytes;
  return {get<std::uint64_t>(encoded_chunks, at), get<std::uint32_t>(encoded_chunks, at + 8),
          get<std::uint32_t>(encoded_chunks, at + 12)};
}

RecipientProgress CommitRecord::recipient(Rid rid) const noexcept {
  if (encoded_progress.empty()) return {};
  return get_progress(encoded_progress.subspan(std::size_t{rid} * kProgressBytes, kProgressBytes));
}

void encode(const OutcomeRecord& outcome, MutableBytes into) noexcept {
  SLUICE_ASSERT(into.size() == kOutcomeBytes);
  put(into, 0, outcome.rid);
  put_progress(into.subspan(4), outcome.progress);
}

std::optional<OutcomeRecord> decode_outcome(ByteView payload) noexcept {
  if (payload.size() != kOutcomeBytes || !known_status(payload[4])) return std::nullopt;
  return OutcomeRecord{get<std::uint32_t>(payload, 0), get_progress(payload.subspan(4))};
}

}  // namespace sluice::queueing
