// Any octets as a segment file, under a valid header with a known key: the reader and all of
// recovery must take them without a fault, and give out only records that are whole.
#include <algorithm>

#include "engine/base/contract.h"
#include "engine/base/crc32c.h"
#include "queueing/record.h"
#include "queueing/recovery.h"
#include "queueing/segment_reader.h"
#include "tests/support/memory_device.h"

namespace {

using namespace sluice;
using namespace sluice::queueing;

constexpr std::uint64_t kKey = 0x4141414141414141;  // easily met by mutation
constexpr std::size_t kFileBytes = 64 * 1024;

// The fuzzer's octets with the CRC of each record put right where the first octet asks for it:
// otherwise it would never get past the check.
void mend(std::vector<std::uint8_t>& file) {
  for (std::size_t at = kSegmentHeaderBytes; at + kRecordHeaderBytes <= file.size(); at += 8) {
    auto header = decode_record_header(ByteView(file).subspan(at), kKey);
    if (!header || at + kRecordHeaderBytes + header->length > file.size()) continue;
    const ByteView payload = ByteView(file).subspan(at + kRecordHeaderBytes, header->length);
    header->crc = crc32c(payload, crc_of_header(*header, kKey));
    encode(*header, kKey, MutableBytes(file).subspan(at));
    at += record_bytes(header->length) - 8;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  MemoryDevice device;
  std::uint8_t page[kSegmentHeaderBytes];
  encode_twice({1, kKey, 1, 0, kFileBytes}, page);
  device.prepare_now({.file = 0, .create = true, .bytes = kFileBytes, .header = page});
  auto& file = device.file(0);
  std::copy_n(data + 1, std::min(size - 1, kFileBytes - kSegmentHeaderBytes),
              file.begin() + kSegmentHeaderBytes);
  if ((data[0] & 1) != 0) mend(file);
  SegmentReader reader(device, {0, kFileBytes}, kKey);
  std::uint64_t end = 0;
  while (const auto record = reader.next()) {
    SLUICE_ASSERT(record->offset >= end);
    end = record->offset + record_bytes(record->header.length);
    SLUICE_ASSERT(record->payload.size() == record->header.length);
  }
  LiveIndex index(64);
  SegmentTable table;
  const LogDevice::File files[] = {{0, kFileBytes}};
  (void)recover(device, files, index, table);
  return 0;
}
