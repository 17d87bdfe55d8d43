#include "engine/control/learner_thread.h"

#include <pthread.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <optional>
#include <utility>

#include "engine/control/bayes_models.h"

namespace sluice::control {
namespace {

namespace bayes = scan::bayes;

constexpr auto kInterval = std::chrono::seconds(1);  // between two looks at the rings
constexpr int kLessonsPerCommit = 500;

std::uint32_t today() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::days>(since).count());
}

// The databases that one round writes to, each in one commit.
class Round {
 public:
  explicit Round(const config::Config& config) : config_(config) {}

  // False: it was known already. Errors are sentences.
  std::expected<bool, std::string> learn(const bayes::Lesson& lesson) {
    const auto& own = config_.bayes.domains;
    const bool has_own = std::ranges::any_of(
        own, [&](const auto& one) { return equals_ignoring_case(one, lesson.domain); });
    if (auto ready = open(bayes_folder(config_, has_own ? lesson.domain : "")); !ready)
      return std::unexpected(ready.error());
    const auto known = batch_->knows(lesson.identity);
    if (!known) return std::unexpected(known.error());
    if (*known) return false;
    tokens_.assign(lesson.tokens.begin(), lesson.tokens.end());
    std::ranges::sort(tokens_);
    const auto rest = std::ranges::unique(tokens_);
    tokens_.erase(rest.begin(), rest.end());
    const auto learned = batch_->learn(lesson.what, lesson.identity, tokens_);
    if (!learned) return std::unexpected(learned.error());
    return true;
  }
  std::expected<void, std::string> commit() {
    std::expected<void, std::string> done;
    if (batch_) done = batch_->commit();
    batch_.reset();
    store_.reset();
    folder_.clear();
    return done;
  }

 private:
  // A process has one store open at a time: for another folder what was learned is committed.
  std::expected<void, std::string> open(const std::string& folder) {
    if (folder == folder_) return {};
    if (auto done = commit(); !done) return done;
    auto store =
        bayes::Store::open(folder, bayes::Store::Access::write, config_.bayes.database_bytes_max);
    if (!store) return std::unexpected(store.error());
    store_.emplace(std::move(*store));
    auto batch = store_->begin(today());
    if (!batch) return std::unexpected(batch.error());
    batch_.emplace(std::move(*batch));
    folder_ = folder;
    return {};
  }

  const config::Config& config_;
  std::string folder_;
  std::optional<bayes::Store> store_;
  std::optional<bayes::Store::Batch> batch_;  // ends before its store
  std::vector<bayes::Token> tokens_;
};

}  // namespace

bayes::Lessons* LearnerThread::connect(const config::Config& config) {
  if (!config.bayes.enabled || !config.bayes.auto_learn) return nullptr;
  lessons_.push_back(
      std::make_unique<bayes::Lessons>(std::bit_ceil(config.bayes.auto_learn_bytes)));
  return lessons_.back().get();
}

void LearnerThread::start(std::shared_ptr<const config::Config> config) {
  if (lessons_.empty()) return;
  thread_ = std::thread([this, config = std::move(config)] {
    pthread_setname_np(pthread_self(), "learner");
    run(*config);
  });
}

void LearnerThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ended_.notify_all();
  if (thread_.joinable()) thread_.join();
}

LearnerThread::Tally LearnerThread::take_tally() {
  const std::lock_guard lock(mutex_);
  return std::exchange(tally_, {});
}

void LearnerThread::run(const config::Config& config) {
  for (bool last = false; !last;) {
    {
      std::unique_lock lock(mutex_);
      last = ended_.wait_for(lock, kInterval, [this] { return stopping_; });
    }
    while (learn(config)) {
    }
  }
}

// Whether there may be more. What cannot be written is given up, or the rings would stay full.
bool LearnerThread::learn(const config::Config& config) {
  Round round(config);
  Tally tally;
  int count = 0;
  std::uint64_t dropped = 0;
  for (const auto& ring : lessons_) {
    bayes::Lesson lesson;
    for (; count < kLessonsPerCommit && ring->front(lesson); ring->pop(), ++count) {
      const auto learned = round.learn(lesson);
      if (!learned)
        tally.fault = learned.error();
      else if (*learned)
        (lesson.what == bayes::Learn::spam ? tally.spam : tally.ham)++;
    }
    dropped += ring->dropped();
  }
  if (const auto done = round.commit(); !done) tally = {.fault = done.error()};
  const std::lock_guard lock(mutex_);
  tally_.spam += tally.spam;
  tally_.ham += tally.ham;
  tally_.dropped += dropped - std::exchange(dropped_told_, dropped);
  if (!tally.fault.empty()) tally_.fault = tally.fault;
  return count == kLessonsPerCommit;
}

}  // namespace sluice::control
