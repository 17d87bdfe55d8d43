#include "queueing/shard.h"

#include <fmt/format.h>

#include <cstring>

#include "queueing/log_shard.h"
#include "queueing/recovery.h"

namespace sluice::queueing {

const char* describe(QueueError error) noexcept {
  switch (error) {
    case QueueError::disk_full: return "the queue's disk is full";
    case QueueError::too_many_messages: return "the queue holds as many messages as it may";
    case QueueError::too_many_arrivals: return "too many messages are arriving for the disk";
    case QueueError::io_error: return "the queue's disk has failed";
  }
  return "";
}

std::string describe(const QueueFault& fault) {
  if (fault.error == QueueError::disk_full && fault.code == 0)
    return "the queue has as many segments as it may (queue.segments_max): no new mail is taken "
           "until messages leave it";
  const std::string what =
      fmt::format("the queue's disk: {}: {}", fault.during, std::strerror(fault.code));
  if (fault.error == QueueError::disk_full)
    return what + ": no new mail is taken; this is tried again every second";
  return what + ": no mail is taken and none is sent until the engine is started again";
}

namespace {

std::expected<void, std::string> check(const ShardOptions& options) {
  if (options.segment_bytes < kSegmentBytesMin || options.segment_bytes > kSegmentBytesMax)
    return std::unexpected(fmt::format("segment_bytes: {} given, allowed {} to {}",
                                       options.segment_bytes, kSegmentBytesMin, kSegmentBytesMax));
  if (options.segment_bytes % kSegmentHeaderBytes != 0)
    return std::unexpected(fmt::format("segment_bytes: {} given, must be a multiple of {}",
                                       options.segment_bytes, kSegmentHeaderBytes));
  if (options.segments_max < 3)
    return std::unexpected(
        fmt::format("segments_max: {} given, at least 3 are needed", options.segments_max));
  return {};
}

}  // namespace

std::expected<std::unique_ptr<Shard>, std::string> Shard::open(const ShardOptions& options,
                                                               LogDevice& device) {
  if (auto good = check(options); !good) return std::unexpected(good.error());
  auto files = device.open(options.directory);
  if (!files) return std::unexpected(files.error());
  auto shard = std::make_unique<LogShard>(options, device, *files);
  const RecoveryReport& report = *shard->recovery();
  for (const std::string* misfit : {&report.newer, &report.older})
    if (!misfit->empty()) return std::unexpected(options.directory + ": " + *misfit);
  const std::int64_t result = shard->start();
  if (result < 0)
    return std::unexpected(
        fmt::format("{}: no segment can be made: {}; make room, or change queue.segments_max or "
                    "queue.disk_reserve",
                    options.directory, std::strerror(static_cast<int>(-result))));
  return shard;
}

}  // namespace sluice::queueing
