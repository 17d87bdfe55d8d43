// The durable queue on real files in the working directory: messages per second, CPU of the whole
// process per message, and syncs per 1,000 messages, by how many clients wait for their 250 at
// once; beside it one plain pwrite + fdatasync per group of the same octets.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "engine/base/random.h"
#include "queueing/file_device.h"
#include "queueing/live_index.h"
#include "queueing/shard.h"

namespace {

using namespace sluice;
using namespace sluice::queueing;

double thread_cpu_us() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

// All threads, those that the kernel runs for io_uring too.
double process_cpu_us() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

std::uint64_t page_faults() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_minflt);
}

class Directory {
 public:
  Directory() {
    std::string pattern = "queue-bench-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Groups of `group` messages: all are committed, then all are waited for and delivered.
class Load {
 public:
  // `backlog`: messages that wait in the queue all the time.
  Load(std::size_t message_bytes, std::size_t group, std::size_t backlog = 0)
      : bytes_(message_bytes), group_(group) {
    ShardOptions options;
    options.directory = directory_.path() + "/shard";
    options.segment_bytes = 8 * 1024 * 1024;
    options.messages_max = 1'100'000;
    shard_ = *Shard::open(options, *device_);
    envelope_.set_sender("sender@example.com", {});
    envelope_.add_recipient({.address = "recipient@example.net"});
    // Until the files that will be written over are there.
    while (shard_->counts().bytes_written < 6 * options.segment_bytes) run_group(100);
    keep_ = true;
    while (shard_->counts().messages < backlog) run_group(500);
    keep_ = false;
    defer_all();
  }
  ~Load() { shard_.reset(); }

  void run_group() { run_group(group_); }
  ShardCounts counts() const { return shard_->counts(); }
  double idle_us() const { return idle_us_; }  // CPU of polls that found nothing to do

 private:
  void run_group(std::size_t group) {
    for (std::size_t i = 0; i < group; ++i) submit();
    Shard::Committed done;
    polled_us_ = thread_cpu_us();
    for (std::size_t waiting = group; waiting > 0;) {
      poll();
      for (; shard_->next_committed(done); --waiting)
        if (!keep_) shard_->set_outcome(done.mid, 0, RecipientStatus::delivered);
    }
  }

  // What waits has been tried once, as in a queue whose next hop is down.
  void defer_all() {
    Mid mid = 0;
    while (shard_->next_due({2}, mid)) {
      shard_->set_deferred(mid, 0, WallTime{3} + milliseconds(static_cast<int>(mid % 900'000)));
      shard_->unlease(mid);
      if (mid % 500 == 0) poll();
    }
    while (!shard_->idle()) poll();
  }

  void submit() {
    const Mid mid = ++mid_;
    auto arrival = shard_->begin(mid);
    for (std::size_t left = bytes_; arrival && left > 0;) {
      BlockRef block = blocks_.acquire();
      const auto length = static_cast<std::uint32_t>(std::min(left, kBlockBytes));
      std::memset(block.data(), 'x', 64);
      if (!shard_->append(*arrival, {block, 0, length})) std::abort();
      left -= length;
    }
    if (!arrival || !shard_->commit(*arrival, {&envelope_, as_bytes(kHeader), {1}, 0, mid}, mid))
      std::abort();
  }
  void poll() {
    const bool worked = shard_->poll(now_ = now_ + microseconds(10)) > 0;
    const double now = thread_cpu_us();
    if (!worked) idle_us_ += now - polled_us_;
    polled_us_ = now;
  }

  static constexpr std::string_view kHeader =
      "Received: from client.example.com by mx.example.net with ESMTP id 1; now\r\n";
  std::size_t bytes_;
  std::size_t group_;
  Directory directory_;
  BlockPool blocks_{2'048};
  std::unique_ptr<LogDevice> device_ = make_file_device(true);
  std::unique_ptr<Shard> shard_;
  mail::Envelope envelope_;
  Mid mid_ = 0;
  Instant now_{0};
  bool keep_ = false;
  double idle_us_ = 0;
  double polled_us_ = 0;  // end of the last poll
};

void report(benchmark::State& state, double messages, double cpu_us, double bytes) {
  state.counters["msgs/s"] = benchmark::Counter(messages, benchmark::Counter::kIsRate);
  state.counters["cpu_us/msg"] = cpu_us / messages;
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void BM_Queue(benchmark::State& state) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  const auto group = static_cast<std::size_t>(state.range(1));
  Load load(bytes, group);
  const ShardCounts before = load.counts();
  const double cpu = process_cpu_us() - load.idle_us();
  for (auto _ : state) load.run_group();
  const auto messages = static_cast<double>(load.counts().commits - before.commits);
  const double used = process_cpu_us() - load.idle_us() - cpu;
  report(state, messages, used, messages * static_cast<double>(bytes));
  state.counters["syncs/1000"] =
      static_cast<double>(load.counts().syncs - before.syncs) * 1000 / messages;
}

// Acceptance beside what waits already: the cost must not depend on it. `written/msg` tells whether
// what waits is being written again meanwhile, `faults/msg` whether memory is taken anew.
void BM_QueueWithBacklog(benchmark::State& state) {
  Load load(256, 100, static_cast<std::size_t>(state.range(0)));
  const ShardCounts before = load.counts();
  const std::uint64_t faults = page_faults();
  const double cpu = process_cpu_us() - load.idle_us();
  for (auto _ : state) load.run_group();
  const auto messages = static_cast<double>(load.counts().commits - before.commits);
  report(state, messages, process_cpu_us() - load.idle_us() - cpu, messages * 256);
  state.counters["faults/msg"] = static_cast<double>(page_faults() - faults) / messages;
  state.counters["written/msg"] =
      static_cast<double>(load.counts().bytes_written - before.bytes_written) / messages;
}

// The index alone: a message comes, becomes durable, is due and goes, beside so many that have been
// tried and wait for their next attempt.
void BM_IndexWithBacklog(benchmark::State& state) {
  const auto backlog = static_cast<Mid>(state.range(0));
  LiveIndex index(backlog + 100'000);
  mail::Envelope envelope;
  envelope.set_sender("sender@example.com", {});
  envelope.add_recipient({.address = "recipient@example.net"});
  const auto add = [&](Mid mid, WallTime next_attempt) {
    LiveMessage& live = index.insert(mid);
    live.message.envelope = envelope;
    live.message.received = {static_cast<std::int64_t>(mid)};
    LiveIndex::set_recipients(live, 1);
    live.message.recipients[0].next_attempt = next_attempt;
    index.set_durable(live);
  };
  Mid mid = 0;
  Random random(1);
  const WallTime later{std::int64_t{1} << 50};
  while (mid < backlog) add(++mid, later + milliseconds(static_cast<int>(random.below(900'000))));
  constexpr Mid kGroup = 100;
  for (auto _ : state) {
    for (Mid i = 1; i <= kGroup; ++i) add(mid + i, {});
    for (Mid i = 1; i <= kGroup; ++i) {
      if (index.next_due(later) == nullptr) std::abort();
      index.erase(*index.find(mid + i));
    }
    mid += kGroup;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kGroup));
}

// The yardstick: the same octets per group into a file that is written over.
void BM_PlainWriteAndSync(benchmark::State& state) {
  const auto group = static_cast<std::size_t>(state.range(1));
  const std::size_t bytes = static_cast<std::size_t>(state.range(0)) * group;
  constexpr std::size_t kFile = 64 * 1024 * 1024;
  Directory directory;
  const int fd = open((directory.path() + "/plain").c_str(), O_RDWR | O_CREAT, 0600);
  std::vector<char> octets(std::max(bytes, std::size_t{1024 * 1024}), 'x');
  for (std::size_t at = 0; at < kFile; at += octets.size())
    if (pwrite(fd, octets.data(), octets.size(), static_cast<off_t>(at)) < 0) std::abort();
  fdatasync(fd);
  std::size_t at = 0;
  const double cpu = process_cpu_us();
  for (auto _ : state) {
    if (at + bytes > kFile) at = 0;
    if (pwrite(fd, octets.data(), bytes, static_cast<off_t>(at)) < 0) std::abort();
    fdatasync(fd);
    at += bytes;
  }
  const auto messages = static_cast<double>(state.iterations()) * static_cast<double>(group);
  report(state, messages, process_cpu_us() - cpu, messages * static_cast<double>(state.range(0)));
  close(fd);
}

#define SLUICE_QUEUE_LOADS \
  ArgsProduct({{4096}, {1, 20, 100}})->ArgsProduct({{65536}, {1, 20}})->UseRealTime()
BENCHMARK(BM_Queue)->SLUICE_QUEUE_LOADS;
BENCHMARK(BM_QueueWithBacklog)->Arg(0)->Arg(1'000'000)->UseRealTime();
BENCHMARK(BM_IndexWithBacklog)->Arg(0)->Arg(1'000'000);
BENCHMARK(BM_PlainWriteAndSync)->SLUICE_QUEUE_LOADS;

}  // namespace

BENCHMARK_MAIN();
