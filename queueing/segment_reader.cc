#include "queueing/segment_reader.h"

#include <algorithm>
#include <cstring>

#include "engine/base/crc32c.h"

namespace sluice::queueing {

SegmentReader::SegmentReader(LogDevice& device, LogDevice::File file, std::uint64_t key)
    : device_(device),
      file_(file),
      key_(key),
      window_(new(std::align_val_t{kPageBytes}) std::uint8_t[kWindowBytes]) {}

const char* describe(SegmentReader::Damage::Reason reason) noexcept {
  switch (reason) {
    case SegmentReader::Damage::Reason::no_record: return "octets that are no record";
    case SegmentReader::Damage::Reason::bad_record: return "a record with a wrong checksum";
    case SegmentReader::Damage::Reason::unreadable: return "the disk does not read it";
  }
  return "";
}

std::optional<SegmentReader::Record> SegmentReader::next() {
  while (find_key()) {
    const auto header = decode_record_header(view(kRecordHeaderBytes), key_);
    if (header) {
      const ByteView record = view(kRecordHeaderBytes + header->length);
      const ByteView payload = record.empty() ? record : record.subspan(kRecordHeaderBytes);
      if (!record.empty() && crc32c(payload, crc_of_header(*header, key_)) == header->crc) {
        const auto offset = static_cast<std::uint32_t>(offset_);
        close_gap();
        offset_ += record_bytes(header->length);
        good_end_ = static_cast<std::uint32_t>(offset_);
        return Record{offset, *header, payload};
      }
    }
    ++gap_.bad_records;
    look_at(Damage::Reason::bad_record);
    offset_ += kRecordAlignment;
  }
  if (gap_.bad_records > 0 || gap_.reason == Damage::Reason::unreadable) {
    gap_.begin = good_end_;
    gap_.end = static_cast<std::uint32_t>(file_.bytes);
    end_ = gap_;
  }
  return std::nullopt;
}

// A good record stands at offset_.
void SegmentReader::close_gap() {
  if (gap_dirty_ || gap_.reason != Damage::Reason::no_record) {
    gap_.begin = good_end_;
    gap_.end = static_cast<std::uint32_t>(offset_);
    damages_.push_back(gap_);
  }
  gap_ = {};
  gap_dirty_ = false;
}

// Moves to the next place where the key stands.
bool SegmentReader::find_key() {
  while (offset_ + kRecordHeaderBytes <= file_.bytes) {
    const ByteView here = view(kRecordHeaderBytes);
    if (here.empty()) {
      look_at(Damage::Reason::unreadable);
      offset_ = (offset_ / kPageBytes + 1) * kPageBytes;
      continue;
    }
    const std::uint8_t* begin = window_.get() + (offset_ - window_offset_);
    const std::uint8_t* last = window_.get() + window_bytes_ - kRecordHeaderBytes;
    const std::uint8_t* p = begin;
    std::uint64_t seen = 0;
    for (std::uint64_t word = 0; p <= last; p += kRecordAlignment) {
      std::memcpy(&word, p, sizeof word);
      if (word == key_) break;
      seen |= word;
    }
    gap_dirty_ |= seen != 0;
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
  if (!held() && (!read_window(octets) || !held())) return {};
  return {window_.get() + (offset_ - window_offset_), octets};
}

// A window from the page of offset_ on; where the disk refuses, no more than is wanted, then what
// is left of the page.
bool SegmentReader::read_window(std::size_t octets) {
  const std::uint64_t rest_of_page = kPageBytes - offset_ % kPageBytes;
  const bool careful = offset_ < careful_until_;
  if (!careful && read_at(offset_ + rest_of_page - kPageBytes, kWindowBytes)) return true;
  if (!careful) careful_until_ = offset_ + kWindowBytes;
  return read_at(offset_, octets) || read_at(offset_, rest_of_page);
}

bool SegmentReader::read_at(std::uint64_t from, std::uint64_t most) {
  const auto wanted = static_cast<std::size_t>(std::min(most, file_.bytes - from));
  const std::int64_t got = device_.read_now(file_.id, from, {window_.get(), wanted});
  window_offset_ = from;
  window_bytes_ = got > 0 ? static_cast<std::size_t>(got) : 0;
  return window_offset_ + window_bytes_ >= offset_ + kRecordHeaderBytes;
}

}  // namespace sluice::queueing
