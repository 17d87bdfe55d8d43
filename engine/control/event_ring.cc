#include "engine/control/event_ring.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace sluice::control {
namespace {

struct Record {  // followed by the texts
  WallTime at;
  mail::EventKind kind;
  std::uint16_t text_size[3];
  Rid rid;
  Icid icid;
  Mid mid;
  Dcid dcid;
  std::int64_t number;
  Endpoint local;
  Endpoint remote;
};
static_assert(std::is_trivially_copyable_v<Record>);

}  // namespace

void EventRing::emit(const mail::Event& event) noexcept {
  Record record{clock_.wall(), event.kind, {},           event.rid,   event.icid,
                event.mid,     event.dcid, event.number, event.local, event.remote};
  std::size_t size = sizeof record;
  for (int i = 0; i < 3; ++i) {
    record.text_size[i] = static_cast<std::uint16_t>(std::min(event.text[i].size(), kTextMax));
    size += record.text_size[i];
  }
  std::uint8_t* out = ring_.reserve(size);
  if (out == nullptr) return;
  std::memcpy(out, &record, sizeof record);
  out += sizeof record;
  for (int i = 0; i < 3; ++i) {
    if (record.text_size[i] == 0) continue;
    std::memcpy(out, event.text[i].data(), record.text_size[i]);
    out += record.text_size[i];
  }
  ring_.publish();
}

bool EventRing::front(mail::Event& event, WallTime& at) noexcept {
  const ByteView bytes = ring_.front();
  if (bytes.empty()) return false;
  Record record;
  std::memcpy(&record, bytes.data(), sizeof record);
  at = record.at;
  event.kind = record.kind;
  event.rid = record.rid;
  event.icid = record.icid;
  event.mid = record.mid;
  event.dcid = record.dcid;
  event.number = record.number;
  event.local = record.local;
  event.remote = record.remote;
  std::size_t offset = sizeof record;
  for (int i = 0; i < 3; ++i) {
    event.text[i] = as_text(bytes.subspan(offset, record.text_size[i]));
    offset += record.text_size[i];
  }
  return true;
}

}  // namespace sluice::control
