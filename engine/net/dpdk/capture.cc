// The file format is draft-ietf-opsawg-pcapng: section header, one interface, packets, statistics.
#include "engine/net/dpdk/capture.h"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>

#include "engine/base/clock.h"

namespace sluice::net {
namespace {

constexpr std::size_t kRingBytes = 4 * 1024 * 1024;  // per worker
constexpr auto kDrainInterval = std::chrono::milliseconds(10);

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kInterfaceStatistics = 5;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint16_t kEthernetLink = 1;
constexpr std::uint16_t kOptionIfName = 2;
constexpr std::uint16_t kOptionEpbFlags = 2;
constexpr std::uint16_t kOptionIfDrop = 5;
constexpr std::uint16_t kOptionTimeResolution = 9;

struct RecordHead {
  std::int64_t wall_ns;
  std::uint32_t direction;
};

std::int64_t wall_now() noexcept { return SystemClock().wall().ns; }

// One block of the file, put together in a buffer and written at once.
class Block {
 public:
  explicit Block(std::uint32_t type) {
    put(type);
    put(std::uint32_t{0});
  }
  template <typename Value>
  Block& put(Value value) {
    return put_bytes({reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
  }
  Block& put_bytes(ByteView bytes) {
    octets_.insert(octets_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Block& put_padded(ByteView bytes) {
    put_bytes(bytes);
    octets_.resize((octets_.size() + 3) & ~std::size_t{3});
    return *this;
  }
  Block& option(std::uint16_t code, ByteView value) {
    put(code).put(static_cast<std::uint16_t>(value.size()));
    return put_padded(value);
  }
  Block& time(std::int64_t ns) {
    const auto stamp = static_cast<std::uint64_t>(ns);
    return put(static_cast<std::uint32_t>(stamp >> 32)).put(static_cast<std::uint32_t>(stamp));
  }
  void write(std::FILE* file) {
    const auto total = static_cast<std::uint32_t>(octets_.size() + sizeof(std::uint32_t));
    put(total);
    std::memcpy(&octets_[sizeof(std::uint32_t)], &total, sizeof total);
    std::fwrite(octets_.data(), 1, octets_.size(), file);
  }

 private:
  std::vector<std::uint8_t> octets_;
};

void write_packet(std::FILE* file, ByteView record) {
  RecordHead head;
  std::memcpy(&head, record.data(), sizeof head);
  const ByteView frame = record.subspan(sizeof head);
  const auto length = static_cast<std::uint32_t>(frame.size());
  Block block(kEnhancedPacket);
  block.put(std::uint32_t{0}).time(head.wall_ns).put(length).put(length).put_padded(frame);
  block.put(kOptionEpbFlags).put(std::uint16_t{4}).put(head.direction).put(std::uint32_t{0});
  block.write(file);
}

}  // namespace

std::expected<std::unique_ptr<Capture>, std::string> Capture::open(const std::string& path,
                                                                   const std::string& interface,
                                                                   unsigned workers) {
  std::FILE* file = std::fopen(path.c_str(), "wbe");
  if (file == nullptr)
    return std::unexpected(fmt::format("capture file {}: {}", path, std::strerror(errno)));
  std::unique_ptr<Capture> capture(new Capture(file, workers));
  capture->write_file_header(interface);
  capture->writer_ = std::thread(&Capture::run, capture.get());
  return capture;
}

Capture::Capture(std::FILE* file, unsigned workers) : file_(file) {
  for (unsigned i = 0; i < workers; ++i)
    rings_.push_back(std::make_unique<SpscByteRing>(kRingBytes));
}

Capture::~Capture() {
  if (writer_.joinable()) {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    writer_.join();
  }
  write_statistics();
  std::fclose(file_);
}

bool Capture::stage(unsigned worker, Direction direction, ByteView frame) noexcept {
  std::uint8_t* record = rings_[worker]->reserve(sizeof(RecordHead) + frame.size());
  if (record == nullptr) return false;
  const RecordHead head{wall_now(), static_cast<std::uint32_t>(direction)};
  std::memcpy(record, &head, sizeof head);
  std::memcpy(record + sizeof head, frame.data(), frame.size());
  return true;
}

std::uint64_t Capture::dropped() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& ring : rings_) sum += ring->dropped();
  return sum;
}

void Capture::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    drain();
    lock.lock();
    if (!stopping_) wake_.wait_for(lock, kDrainInterval);
  }
  lock.unlock();
  drain();
}

void Capture::drain() {
  bool wrote = false;
  for (auto& ring : rings_) {
    for (ByteView record = ring->front(); !record.empty(); record = ring->front()) {
      write_packet(file_, record);
      ring->release();
      wrote = true;
    }
  }
  if (wrote) std::fflush(file_);
}

void Capture::write_file_header(const std::string& interface) {
  Block section(kSectionHeader);
  section.put(kByteOrderMagic).put(std::uint16_t{1}).put(std::uint16_t{0});
  section.put(std::int64_t{-1}).write(file_);  // length of the section: not known
  const std::uint8_t nanoseconds_exponent = 9;
  Block description(kInterfaceDescription);
  description.put(kEthernetLink).put(std::uint16_t{0}).put(std::uint32_t{0});
  description.option(kOptionIfName, as_bytes(interface));
  description.option(kOptionTimeResolution, {&nanoseconds_exponent, 1});
  description.put(std::uint32_t{0}).write(file_);
  std::fflush(file_);
}

void Capture::write_statistics() {
  const std::uint64_t lost = dropped();
  Block statistics(kInterfaceStatistics);
  statistics.put(std::uint32_t{0}).time(wall_now());
  statistics.option(kOptionIfDrop, {reinterpret_cast<const std::uint8_t*>(&lost), sizeof lost});
  statistics.put(std::uint32_t{0}).write(file_);
}

}  // namespace sluice::net
