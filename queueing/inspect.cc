#include "queueing/inspect.h"

#include <fmt/format.h>

#include <filesystem>

#include "queueing/body_reader.h"
#include "queueing/file_device.h"

namespace sluice::queueing {

Inspection::Inspection(std::unique_ptr<LogDevice> device) : device_(std::move(device)), index_(0) {}

std::expected<std::unique_ptr<Inspection>, std::string> Inspection::open(
    const std::string& directory) {
  if (!std::filesystem::is_directory(directory))
    return std::unexpected(directory + ": there is no queue here");
  std::unique_ptr<Inspection> inspection(new Inspection(make_reading_device()));
  const auto files = inspection->device_->open(directory);
  if (!files) return std::unexpected(files.error());
  inspection->report_ =
      recover(*inspection->device_, *files, inspection->index_, inspection->table_);
  if (const std::string& newer = inspection->report_.newer; !newer.empty())
    return std::unexpected(directory + ": " + newer);
  return inspection;
}

const QueuedMessage* Inspection::find(Mid mid) noexcept {
  const LiveMessage* live = index_.find(mid);
  return live == nullptr ? nullptr : &live->message;
}

std::expected<std::string, std::string> Inspection::read_body(Mid mid) {
  const LiveMessage* live = index_.find(mid);
  if (live == nullptr) return std::unexpected(fmt::format("MID {} is not in this queue", mid));
  std::string body;
  std::vector<std::uint8_t> record;
  for (const Location& chunk : live->chunks) {
    const Segment* segment = table_.find(chunk.sequence);
    record.resize(kRecordHeaderBytes + chunk.length);
    device_->read_now(segment->file, chunk.offset, record);
    const auto octets = checked_chunk(record, segment->key, chunk.length);
    if (!octets)
      return std::unexpected(
          fmt::format("segment file {}: offset {}: damaged", segment->file, chunk.offset));
    body.append(as_text(*octets));
  }
  return body;
}

}  // namespace sluice::queueing
