// One measurement of the queue on real files, and of the bare disk beside it, as one line of JSON;
// bench/queue/run takes turns with fio and makes the table.
//   saturate   clients that wait for their 250 and then send the next message at once
//   pace       messages at a fixed rate, each measured from the moment that it was due
//   sync       one write and fdatasync at a time, the latencies of the disk alone
//   recover    a directory of `saturate --keep` is opened again; with what a plain read of it takes
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "queueing/file_device.h"
#include "queueing/job_thread.h"
#include "queueing/recovery.h"
#include "queueing/shard.h"

namespace {

using namespace sluice;
using namespace sluice::queueing;
using nlohmann::json;

struct Settings {
  std::string mode;
  std::string directory;
  std::size_t bytes = 4096;
  std::size_t clients = 500;
  double seconds = 3;
  double rate = 1'000;  // messages per second, of `pace`
  bool keep = false;    // nothing is delivered and the directory stays
  unsigned cpu = 0;     // of the polling thread
};

double now_us() {
  return std::chrono::duration<double, std::micro>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Flush requests that the disk under `directory` has completed (Documentation/admin-guide/iostats:
// field 16); 0 when the kernel does not say.
std::uint64_t flushes_of(const std::string& directory) {
  struct stat status;
  if (stat(directory.c_str(), &status) != 0) return 0;
  std::ifstream in(
      fmt::format("/sys/dev/block/{}:{}/stat", major(status.st_dev), minor(status.st_dev)));
  std::uint64_t value = 0;
  for (int field = 1; field <= 16; ++field)
    if (!(in >> value)) return 0;
  return value;
}

// As in an engine: the polling thread has a CPU of its own, and what helps it runs on the others,
// or the kernel's threads would wait for its time slices. Returns the others.
std::vector<unsigned> take_cpu(unsigned wanted) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || !CPU_ISSET(wanted, &allowed))
    return {};
  std::vector<unsigned> others;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &allowed) && cpu != wanted) others.push_back(cpu);
  const cpu_set_t own = cpu_mask({&wanted, 1});
  sched_setaffinity(0, sizeof own, &own);
  return others;
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

void add_latencies(json& out, std::vector<double>& values) {
  out["p50_us"] = percentile(values, 0.5);
  out["p99_us"] = percentile(values, 0.99);
  out["samples"] = values.size();
}

class Load {
 public:
  explicit Load(const Settings& settings)
      : settings_(settings), blocks_(settings.clients * (settings.bytes / kBlockBytes + 1) * 4) {
    ShardOptions options;
    options.directory = settings.directory;
    options.messages_max = 10'000'000;
    options.segments_max = 65'536;
    options.arrivals_max = static_cast<std::uint32_t>(settings.clients) + 1;
    auto shard = Shard::open(options, *device_);
    if (!shard) throw std::runtime_error(shard.error());
    shard_ = std::move(*shard);
    envelope_.set_sender("sender@example.com", {});
    envelope_.add_recipient({.address = "recipient@example.net"});
  }

  json saturate() {
    if (!settings_.keep) warm_up();
    measured_ = true;
    const ShardCounts before = begin();
    start_clients();
    while (now_us() < begun_ + settings_.seconds * 1e6) poll(true);
    json out = end(before);
    drain();
    return out;
  }

  json pace() {
    warm_up();
    measured_ = true;
    const ShardCounts before = begin();
    const double gap = 1e6 / settings_.rate;
    double due = begun_ + gap;
    while (due < begun_ + settings_.seconds * 1e6) {
      for (; due <= now_us() && submit(due); due += gap) continue;  // else it waits, and is late
      poll(false);
    }
    json out = end(before);
    drain();
    return out;
  }

 private:
  ShardCounts begin() {
    begun_ = now_us();
    flushes_ = flushes_of(settings_.directory);
    done_ = 0;
    return shard_->counts();
  }
  json end(const ShardCounts& before) {
    const double seconds = (now_us() - begun_) / 1e6;
    const auto messages = static_cast<double>(done_);
    const ShardCounts counts = shard_->counts();
    json out{{"messages_per_s", messages / seconds},
             {"bytes_per_s", messages * static_cast<double>(settings_.bytes) / seconds},
             {"log_bytes_per_s",
              static_cast<double>(counts.bytes_written - before.bytes_written) / seconds},
             {"syncs_per_1000", static_cast<double>(counts.syncs - before.syncs) * 1e3 / messages},
             {"flushes_per_1000",
              static_cast<double>(flushes_of(settings_.directory) - flushes_) * 1e3 / messages},
             {"refused", refused_}};
    add_latencies(out, latencies_);
    return out;
  }

  // Until the files that are written over are there, as in any engine that has run for a while.
  void warm_up() {
    start_clients();
    while (shard_->counts().bytes_written < 6 * ShardOptions{}.segment_bytes) poll(true);
    drain();
  }
  void start_clients() {
    for (std::size_t i = 0; i < settings_.clients; ++i)
      if (!submit(now_us())) ++refused_;
  }
  void drain() {
    while (!begun_at_.empty()) poll(false);
  }

  // False: the disk does not keep up.
  bool submit(double due) {
    const Mid mid = ++mid_;
    auto arrival = shard_->begin(mid);
    bool good = arrival.has_value();
    for (std::size_t left = settings_.bytes; good && left > 0;) {
      BlockRef block = blocks_.acquire();
      if (!block) {
        good = false;
        break;
      }
      const auto length = static_cast<std::uint32_t>(std::min(left, kBlockBytes));
      std::memset(block.data(), 'x', length);
      good = shard_->append(*arrival, {block, 0, length}).has_value();
      left -= length;
    }
    if (good)
      good =
          shard_->commit(*arrival, {&envelope_, as_bytes(kHeader), {1}, 0, mid}, mid).has_value();
    if (good)
      begun_at_.push_back(due);
    else if (arrival)
      shard_->abandon(*arrival);
    return good;
  }

  // `again`: who has a 250 sends the next message.
  void poll(bool again) {
    shard_->poll(Instant{static_cast<std::int64_t>(now_us() * 1e3)});
    Shard::Committed done;
    while (shard_->next_committed(done)) {
      if (!done.result) std::abort();
      if (measured_) latencies_.push_back(now_us() - begun_at_.front());
      begun_at_.pop_front();
      ++done_;
      if (!settings_.keep) shard_->set_outcome(done.mid, 0, RecipientStatus::delivered);
      if (again && !submit(now_us())) ++refused_;
    }
    while (refused_ > 0 && again && submit(now_us())) --refused_;  // asked again
  }

  static constexpr std::string_view kHeader =
      "Received: from client.example.com by mx.example.net with ESMTP id 1; now\r\n";
  const Settings& settings_;
  BlockPool blocks_;
  std::unique_ptr<LogDevice> device_ = make_file_device(true, take_cpu(settings_.cpu));
  std::unique_ptr<Shard> shard_;
  mail::Envelope envelope_;
  std::deque<double> begun_at_;  // commits become durable in their order
  std::vector<double> latencies_;
  bool measured_ = false;
  Mid mid_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t flushes_ = 0;
  double begun_ = 0;
};

// Into a file that is written over, like a segment.
json sync_alone(const Settings& settings) {
  constexpr std::size_t kFile = 256 << 20;
  const std::string path = settings.directory + "-plain";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  std::vector<char> octets(std::max(settings.bytes, std::size_t{1} << 20), 'x');
  for (std::size_t at = 0; at < kFile; at += octets.size())
    if (pwrite(fd, octets.data(), octets.size(), static_cast<off_t>(at)) < 0) std::abort();
  if (fdatasync(fd) != 0) std::abort();
  std::vector<double> latencies;
  const double begun = now_us();
  for (std::size_t at = 0; now_us() < begun + settings.seconds * 1e6; at += settings.bytes) {
    if (at + settings.bytes > kFile) at = 0;
    const double before = now_us();
    if (pwrite(fd, octets.data(), settings.bytes, static_cast<off_t>(at)) < 0) std::abort();
    if (fdatasync(fd) != 0) std::abort();
    latencies.push_back(now_us() - before);
  }
  json out{{"bytes_per_s",
            static_cast<double>(latencies.size() * settings.bytes) * 1e6 / (now_us() - begun)}};
  add_latencies(out, latencies);
  close(fd);
  unlink(path.c_str());
  return out;
}

// Out of the page cache, so that both read from the disk.
void forget_pages(const std::string& directory) {
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const int fd = open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
  }
}

double plain_read_us(const std::string& directory, std::uint64_t& bytes) {
  std::vector<char> window(4 << 20);
  const auto buffer = reinterpret_cast<char*>(
      (reinterpret_cast<std::uintptr_t>(window.data()) + 4095) & ~std::uintptr_t{4095});
  const double begun = now_us();
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const int fd = open(entry.path().c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (fd < 0) continue;
    for (ssize_t got; (got = read(fd, buffer, 2 << 20)) > 0;)
      bytes += static_cast<std::size_t>(got);
    close(fd);
  }
  return now_us() - begun;
}

json recover_again(const Settings& settings) {
  forget_pages(settings.directory);
  std::uint64_t bytes = 0;
  const double plain = plain_read_us(settings.directory, bytes);
  forget_pages(settings.directory);
  ShardOptions options;
  options.directory = settings.directory;
  options.messages_max = 10'000'000;
  options.segments_max = 65'536;
  auto device = make_file_device(true);
  const double begun = now_us();
  auto shard = Shard::open(options, *device);
  const double took = now_us() - begun;
  if (!shard) throw std::runtime_error(shard.error());
  const auto size = static_cast<double>(bytes);
  return {{"messages", (*shard)->counts().messages},
          {"bytes", bytes},
          {"recovery_bytes_per_s", size * 1e6 / took},
          {"plain_bytes_per_s", size * 1e6 / plain},
          {"ratio", plain / took}};
}

json measure(const Settings& settings) {
  if (settings.mode == "sync") return sync_alone(settings);
  if (settings.mode == "recover") return recover_again(settings);
  json out = settings.mode == "pace" ? Load(settings).pace() : Load(settings).saturate();
  if (!settings.keep) std::filesystem::remove_all(settings.directory);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app("measures the queue on real files; one line of JSON");
  app.add_option("mode", settings.mode)
      ->required()
      ->check(CLI::IsMember({"saturate", "pace", "sync", "recover"}));
  app.add_option("--directory", settings.directory, "of the shard; made and removed")->required();
  app.add_option("--bytes", settings.bytes, "of one message");
  app.add_option("--clients", settings.clients, "that wait for a 250 at once");
  app.add_option("--seconds", settings.seconds, "of the measurement");
  app.add_option("--rate", settings.rate, "messages per second, for pace");
  app.add_option("--cpu", settings.cpu, "that polls; not the one that the disk interrupts");
  app.add_flag("--keep", settings.keep, "deliver nothing, leave the directory");
  CLI11_PARSE(app, argc, argv);
  try {
    fmt::print("{}\n", measure(settings).dump());
  } catch (const std::exception& fault) {
    fmt::print(stderr, "error: {}\n", fault.what());
    return 1;
  }
}
