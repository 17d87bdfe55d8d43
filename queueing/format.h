// The numbers of the on-disk format; FORMAT.md is its grammar. Everything is little-endian.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace sluice::queueing {

static_assert(std::endian::native == std::endian::little, "records are written as they lie");

inline constexpr std::uint64_t kSegmentMagic = 0x31515f4543494c53ULL;  // "SLICE_Q1"
inline constexpr std::uint32_t kFormatVersion = 2;
inline constexpr std::uint32_t kOldestVersion = 1;  // `sluice upgrade` takes it further

// Flags of a segment's head.
inline constexpr std::uint64_t kBegunAtStart =
    1;  // what the segment before it lacks was never synced

// The first page of a segment is its header, so that no record shares a sector with it. The same
// page lies once more behind the records: a file is so much longer than its segment.
inline constexpr std::uint32_t kSegmentHeaderBytes = 4096;
inline constexpr std::uint32_t kRecordHeaderBytes = 32;
inline constexpr std::uint32_t kRecordAlignment = 8;
inline constexpr std::uint32_t kPageBytes = 4096;  // what a disk may ruin by a write that is cut
inline constexpr std::uint32_t kChunkBytesMax = 16 * 1024;  // message octets in one chunk record
inline constexpr std::uint32_t kPayloadBytesMax = 1024 * 1024;  // of any record
inline constexpr std::uint32_t kCommitFixedBytes = 48;
inline constexpr std::uint32_t kChunkLocationBytes = 16;
inline constexpr std::uint32_t kProgressBytes = 12;
inline constexpr std::uint32_t kOutcomeBytes = 16;

inline constexpr std::uint64_t kSegmentBytesMin = 128 * 1024;
inline constexpr std::uint64_t kSegmentBytesMax = 2ULL * 1024 * 1024 * 1024;

static_assert(kSegmentHeaderBytes % kRecordAlignment == 0);
static_assert(kRecordHeaderBytes % kRecordAlignment == 0);
static_assert(kChunkBytesMax <= kPayloadBytesMax);

enum class RecordType : std::uint8_t {
  chunk = 1,    // octets of a message
  commit = 2,   // the message exists: its chunks, envelope and added header
  outcome = 3,  // what became of one recipient
  mark = 4,     // no payload: this MID has been used
};

// In an outcome record: whatever recipients there are.
inline constexpr std::uint32_t kAllRecipients = UINT32_MAX;

// A record: its segment's sequence number, where it begins, and its payload octets.
struct Location {
  std::uint64_t sequence = 0;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  bool operator==(const Location&) const = default;
};

// What a record with such a payload takes in its segment.
constexpr std::uint32_t record_bytes(std::uint32_t payload) {
  return (kRecordHeaderBytes + payload + kRecordAlignment - 1) & ~(kRecordAlignment - 1);
}

}  // namespace sluice::queueing
