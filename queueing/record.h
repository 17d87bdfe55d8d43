// Encoding and decoding of the segment header and of records. Decoders trust nothing: they answer
// nullopt for whatever is not whole. The CRC-32C of a record covers the key of its segment's use,
// its header and its payload, so that what an earlier use of the file left never counts.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/base/bytes.h"
#include "queueing/format.h"
#include "queueing/queued_message.h"

namespace sluice::queueing {

struct SegmentHeader {
  std::uint64_t sequence = 0;  // grows by one with each use of any file of the shard
  std::uint64_t key = 0;       // random; every record of this use carries it
  std::uint64_t oldest = 0;    // segments with a lower sequence no longer count
  Mid highest_mid = 0;         // used before this segment began
  std::uint64_t segment_bytes = 0;
  std::uint64_t flags = 0;
  std::uint32_t version = kFormatVersion;
};
inline constexpr std::size_t kSegmentHeaderEncodedBytes = 64;
inline constexpr std::size_t kHeaderCopyOffset = 2048;  // in another sector
// `page` is the whole first page of the segment.
void encode_twice(const SegmentHeader& header, MutableBytes page) noexcept;
// Of the two copies the one that is whole; the newer when both are.
std::optional<SegmentHeader> decode_either(ByteView page) noexcept;
std::optional<SegmentHeader> decode_segment_header(ByteView bytes) noexcept;
// What the page says of its version, when it is a header at all; 0: it is none.
std::uint32_t format_version_of(ByteView page) noexcept;

struct RecordHeader {
  RecordType type = RecordType::mark;
  Mid mid = 0;
  std::uint32_t length = 0;  // payload octets
  std::uint32_t crc = 0;
};
// The CRC of a record begins with this and goes on through its payload.
std::uint32_t crc_of_header(const RecordHeader& header, std::uint64_t key) noexcept;
void encode(const RecordHeader& header, std::uint64_t key, MutableBytes into) noexcept;
// nullopt when the key is another, or type or length cannot be.
std::optional<RecordHeader> decode_record_header(ByteView bytes, std::uint64_t key) noexcept;

// Payload of a commit record.
struct CommitRecord {
  Icid icid = 0;
  WallTime received;
  std::uint64_t body_size = 0;
  std::int8_t scl = 0;
  Direction direction = Direction::inbound;
  Stage stage = Stage::delivery;
  std::uint32_t recipient_count = 0;
  std::span<const Location> chunks;             // encode only; decode: commit_chunk()
  std::span<const RecipientProgress> progress;  // encode only: empty = all pending, never tried
  ByteView envelope;
  ByteView added_header;
  // Decode only: where the arrays lie.
  ByteView encoded_chunks;
  ByteView encoded_progress;

  std::uint32_t chunk_count() const noexcept {
    return static_cast<std::uint32_t>(encoded_chunks.size() / kChunkLocationBytes);
  }
  Location chunk(std::uint32_t index) const noexcept;
  RecipientProgress recipient(Rid rid) const noexcept;
};
std::uint64_t encoded_bytes(const CommitRecord& commit) noexcept;
void encode(const CommitRecord& commit, MutableBytes into) noexcept;
std::optional<CommitRecord> decode_commit(ByteView payload) noexcept;

// Payload of an outcome record.
struct OutcomeRecord {
  Rid rid = 0;
  RecipientProgress progress;
};
void encode(const OutcomeRecord& outcome, MutableBytes into) noexcept;
std::optional<OutcomeRecord> decode_outcome(ByteView payload) noexcept;

}  // namespace sluice::queueing
