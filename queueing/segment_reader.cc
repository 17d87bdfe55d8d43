#include "queueing/segment_reader.h"

#include <algorithm>
#include <cstring>

#include "engine/base/crc32c.h"

namespace sluice::queueing {

SegmentReader::SegmentReader(LogDevice& device, LogDevice::File file, std::uint64_t key)
    : device_(device),
      file_(file),
      key_(key),
      window_(std::make_unique_for_overwrite<std::uint8_t[]>(kWindowBytes)) {}

std::optional<SegmentReader::Record> SegmentReader::next() {
  while (find_key()) {
    const auto header = decode_record_header(view(kRecordHeaderBytes), key_);
    if (header) {
      const ByteView record = view(kRecordHeaderBytes + header->length);
      const ByteView payload = record.empty() ? record : record.subspan(kRecordHeaderBytes);
      if (!record.empty() && crc32c(payload, crc_of_header(*header, key_)) == header->crc) {
        const auto offset = static_cast<std::uint32_t>(offset_);
        offset_ += record_bytes(header->length);
        damaged_at_end_ = 0;
        return Record{offset, *header, payload};
      }
    }
    if (damaged_ == 0) first_damage_ = static_cast<std::uint32_t>(offset_);
    ++damaged_;
    ++damaged_at_end_;
    offset_ += kRecordAlignment;
  }
  return std::nullopt;
}

// Moves to the next place where the key stands.
bool SegmentReader::find_key() {
  while (offset_ + kRecordHeaderBytes <= file_.bytes) {
    const ByteView here = view(kRecordHeaderBytes);
    if (here.empty()) {
      ++unreadable_pages_;
      offset_ = (offset_ / kPageBytes + 1) * kPageBytes;
      continue;
    }
    const std::uint8_t* begin = window_.get() + (offset_ - window_offset_);
    const std::uint8_t* last = window_.get() + window_bytes_ - kRecordHeaderBytes;
    const std::uint8_t* p = begin;
    for (std::uint64_t word = 0; p <= last; p += kRecordAlignment) {
      std::memcpy(&word, p, sizeof word);
      if (word == key_) break;
    }
    offset_ += static_cast<std::uint64_t>(p - begin);
    if (p <= last) return true;
  }
  return false;
}

ByteView SegmentReader::view(std::size_t octets) {
  if (offset_ + octets > file_.bytes) return {};
  const auto held = [&] {
    return offset_ >= window_offset_ && offset_ + octets <= window_offset_ + window_bytes_;
  };
  if (!held() && (!read_window() || !held())) return {};
  return {window_.get() + (offset_ - window_offset_), octets};
}

// A window from offset_ on; where the disk refuses, what is left of one page.
bool SegmentReader::read_window() {
  const std::uint64_t left = file_.bytes - offset_;
  const std::uint64_t tries[] = {kWindowBytes, kPageBytes - offset_ % kPageBytes};
  for (const std::uint64_t wanted : tries) {
    const std::size_t octets = std::min(wanted, left);
    const std::int64_t got = device_.read_now(file_.id, offset_, {window_.get(), octets});
    window_offset_ = offset_;
    window_bytes_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    if (window_bytes_ >= kRecordHeaderBytes) return true;
  }
  return false;
}

}  // namespace sluice::queueing
