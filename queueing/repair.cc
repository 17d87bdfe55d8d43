#include "queueing/repair.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "queueing/body_reader.h"
#include "queueing/file_device.h"
#include "queueing/recovery.h"
#include "queueing/segment_files.h"

namespace sluice::queueing {
namespace {

constexpr std::size_t kSectorBytes = 512;  // the least that a disk reads or does not
constexpr const char* kFolder = "damaged";

// A descriptor that closes itself.
class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const noexcept { return fd_; }
  bool write(std::uint64_t offset, ByteView octets) const noexcept {
    const iovec piece{const_cast<std::uint8_t*>(octets.data()), octets.size()};
    return fd_ >= 0 && write_whole(fd_, offset, {&piece, 1}) >= 0;
  }
  bool sync() const noexcept { return fd_ >= 0 && fsync(fd_) == 0; }

 private:
  int fd_;
};

class Workshop {
 public:
  static std::expected<std::unique_ptr<Workshop>, std::string> open(const std::string& directory) {
    if (!std::filesystem::is_directory(directory))
      return std::unexpected(directory + ": there is no queue here");
    std::unique_ptr<Workshop> workshop(new Workshop(directory));
    const auto files = workshop->device_->open(directory);
    if (!files) return std::unexpected(files.error());
    LiveIndex index(0);
    workshop->report_ = recover(*workshop->device_, *files, index, workshop->table_);
    if (!workshop->report_.newer.empty())
      return std::unexpected(directory + ": " + workshop->report_.newer);
    return workshop;
  }

  // The engine's mark that it ended in order stays as it was.
  ~Workshop() {
    if (!device_->was_left_open()) device_->mark_closed();
    device_->close();
  }

  Deeds repair(bool dry_run) {
    dry_run_ = dry_run;
    for (const LostMessage& lost : report_.lost)
      if (!set_message_aside(lost)) return failure();
    for (const SegmentReport& segment : report_.segments)
      if (!mend(segment)) return failure();
    return std::move(deeds_);
  }

  Deeds upgrade(bool check_only) {
    dry_run_ = check_only;
    for (const SegmentReport& segment : report_.segments) {
      if (!segment.header || segment.header->version == kFormatVersion) continue;
      did("{}: format version {} becomes {}", segment_file_name(segment.file),
          segment.header->version, kFormatVersion);
      if (!write_heads(segment)) return failure();
    }
    return std::move(deeds_);
  }

 private:
  explicit Workshop(const std::string& directory)
      : directory_(directory), device_(make_file_device(false)) {}

  template <typename... Args>
  void did(fmt::format_string<Args...> format, Args&&... args) {
    deeds_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }
  Deeds failure() const {
    return std::unexpected(fmt::format("{}: {}: {}", directory_,
                                       deeds_.empty() ? "at the beginning" : deeds_.back(),
                                       std::strerror(errno)));
  }
  std::string path_of(std::uint32_t file) const {
    return directory_ + "/" + segment_file_name(file);
  }

  bool mend(const SegmentReport& segment);
  bool write_heads(const SegmentReport& segment);
  bool set_range_aside(std::uint32_t file, std::uint64_t begin, std::uint64_t end,
                       std::string_view why);
  bool set_file_aside(std::uint32_t file);
  bool set_message_aside(const LostMessage& lost);
  bool store(const std::string& name, ByteView octets);
  std::vector<std::uint8_t> read_what_can_be_read(std::uint32_t file, std::uint64_t begin,
                                                  std::uint64_t end, std::uint64_t& missing);
  std::string text_of(const LostMessage& lost);

  const std::string directory_;
  std::unique_ptr<LogDevice> device_;
  SegmentTable table_;
  RecoveryReport report_;
  std::vector<std::string> deeds_;
  bool dry_run_ = false;
};

bool Workshop::mend(const SegmentReport& segment) {
  if (segment.state == SegmentState::not_understood) return set_file_aside(segment.file);
  if (segment.state != SegmentState::in_log) return true;
  for (const SegmentReader::Damage& damage : segment.damages)
    if (!set_range_aside(segment.file, damage.begin, damage.end, describe(damage.reason)))
      return false;
  if (!segment.head_damaged) return true;
  did("{}: its head is written again from the copy", segment_file_name(segment.file));
  return write_heads(segment);
}

// The copy behind the records first: whenever this stops, one of the two pages is whole.
bool Workshop::write_heads(const SegmentReport& segment) {
  if (dry_run_) return true;
  SegmentHeader header = *segment.header;
  header.version = kFormatVersion;
  std::uint8_t page[kSegmentHeaderBytes];
  encode_twice(header, page);
  const File file(path_of(segment.file), O_RDWR);
  return file.write(header.segment_bytes, page) && file.sync() && file.write(0, page) &&
         file.sync();
}

bool Workshop::set_range_aside(std::uint32_t file, std::uint64_t begin, std::uint64_t end,
                               std::string_view why) {
  std::uint64_t missing = 0;
  const auto octets = read_what_can_be_read(file, begin, end, missing);
  const std::string name = fmt::format("{}-{}-{}", segment_file_name(file), begin, end);
  did("{}: offset {} to {} ({}) is set aside as {}/{}{}", segment_file_name(file), begin, end, why,
      kFolder, name,
      missing > 0 ? fmt::format("; {} octets of it cannot be read and are zeros there", missing)
                  : "");
  if (dry_run_) return true;
  if (!store(name, octets)) return false;
  const std::vector<std::uint8_t> zeros(octets.size());
  const File segment(path_of(file), O_RDWR);
  return segment.write(begin, zeros) && segment.sync();
}

bool Workshop::set_file_aside(std::uint32_t file) {
  const std::string name = segment_file_name(file);
  did("{}: not understood, is moved to {}/{}", name, kFolder, name);
  if (dry_run_) return true;
  std::error_code error;
  std::filesystem::create_directory(directory_ + "/" + kFolder, error);
  chmod((directory_ + "/" + kFolder).c_str(), 0700);
  const std::string to = fmt::format("{}/{}/{}", directory_, kFolder, name);
  if (std::filesystem::exists(to)) {
    errno = EEXIST;
    return false;
  }
  return rename(path_of(file).c_str(), to.c_str()) == 0 && File(directory_, O_RDONLY).sync();
}

// What is left of the message as text, and its commit record: it would be found wanting again at
// every start.
bool Workshop::set_message_aside(const LostMessage& lost) {
  const std::string name = fmt::format("mid-{}.eml", lost.mid);
  did("MID {} ({}): what is left of it is in {}/{}", lost.mid, lost.why, kFolder, name);
  if (!dry_run_ && !store(name, as_bytes(text_of(lost)))) return false;
  const Segment* segment = table_.find(lost.commit.sequence);
  return set_range_aside(segment->file, lost.commit.offset,
                         lost.commit.offset + record_bytes(lost.commit.length),
                         fmt::format("the commit of MID {}", lost.mid));
}

std::string Workshop::text_of(const LostMessage& lost) {
  std::string text = fmt::format("X-Sluice-Sender: <{}>\r\n", lost.sender);
  for (const std::string& recipient : lost.recipients)
    text += fmt::format("X-Sluice-Recipient: <{}>\r\n", recipient);
  text += lost.added_header;
  std::vector<std::uint8_t> record;
  for (const Location& chunk : lost.chunks) {
    const Segment* segment = table_.find(chunk.sequence);
    record.assign(kRecordHeaderBytes + chunk.length, 0);
    if (segment != nullptr) device_->read_now(segment->file, chunk.offset, record);
    const auto octets =
        segment == nullptr ? std::nullopt : checked_chunk(record, segment->key, chunk.length);
    if (octets)
      text += as_text(*octets);
    else
      text += fmt::format("\r\n[{} octets are missing here]\r\n", chunk.length);
  }
  return text;
}

// Over what an earlier repair put there that was cut short before it took the octets from the log.
bool Workshop::store(const std::string& name, ByteView octets) {
  const std::string folder = directory_ + "/" + kFolder;
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return false;
  const File file(folder + "/" + name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW);
  return file.write(0, octets) && file.sync() && File(folder, O_RDONLY | O_DIRECTORY).sync() &&
         File(directory_, O_RDONLY | O_DIRECTORY).sync();
}

std::vector<std::uint8_t> Workshop::read_what_can_be_read(std::uint32_t file, std::uint64_t begin,
                                                          std::uint64_t end,
                                                          std::uint64_t& missing) {
  std::vector<std::uint8_t> octets(end - begin);
  const MutableBytes all(octets);
  if (device_->read_now(file, begin, all) == static_cast<std::int64_t>(all.size())) return octets;
  for (std::uint64_t at = begin; at < end;) {
    const std::uint64_t next = std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
    const MutableBytes sector = all.subspan(at - begin, next - at);
    if (device_->read_now(file, at, sector) < 0) {
      std::ranges::fill(sector, std::uint8_t{0});
      missing += sector.size();
    }
    at = next;
  }
  return octets;
}

}  // namespace

Deeds repair(const std::string& directory, bool dry_run) {
  auto workshop = Workshop::open(directory);
  if (!workshop) return std::unexpected(workshop.error());
  return (*workshop)->repair(dry_run);
}

Deeds upgrade(const std::string& directory, bool check_only) {
  auto workshop = Workshop::open(directory);
  if (!workshop) return std::unexpected(workshop.error());
  return (*workshop)->upgrade(check_only);
}

std::map<std::string, std::size_t> versions_in(const std::string& directory) {
  std::map<std::string, std::size_t> versions;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (!entry.path().filename().string().starts_with("segment-")) continue;
    std::uint8_t page[kSegmentHeaderBytes] = {};
    const File file(entry.path(), O_RDONLY);
    if (file.fd() < 0 || read_whole(file.fd(), 0, page) < 0) continue;
    const auto header = decode_either(page);
    ++versions[std::to_string(header ? header->version : format_version_of(page))];
  }
  return versions;
}

}  // namespace sluice::queueing
