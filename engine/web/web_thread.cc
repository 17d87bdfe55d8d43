#include "engine/web/web_thread.h"

#include <pthread.h>

namespace sluice::web {
namespace {

constexpr Duration kLongestWait = seconds(10);
constexpr std::size_t kPostsMax = 64;

}  // namespace

WebThread::WebThread(Settings settings, Clock& clock)
    : fetches_max_(settings.fetches_max), clock_(clock), keeper_(std::move(settings.sts)) {}

StsDesk& WebThread::add_desk(std::function<void()> wake) {
  desks_.push_back(std::make_unique<StsDesk>([this] { https_.wake(); }, std::move(wake)));
  return *desks_.back();
}

void WebThread::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "web");
    run();
  });
}

void WebThread::stop() {
  stopping_.store(true, std::memory_order_release);
  https_.wake();
  if (thread_.joinable()) thread_.join();
}

void WebThread::run() {
  note(keeper_.load(clock_.wall()));
  while (!stopping_.load(std::memory_order_acquire)) {
    take_questions();
    start_fetches();
    start_posts();
    for (Https::Done& done : https_.poll()) finish(std::move(done));
    note(keeper_.take_trouble());
    https_.wait(kLongestWait);
  }
}

bool WebThread::post(Post request) {
  if (open_posts_ == kPostsMax || !posts_.push(std::move(request))) return false;
  ++open_posts_;
  https_.wake();
  return true;
}

bool WebThread::next_posted(Posted& posted) {
  if (!posted_.pop(posted)) return false;
  --open_posts_;
  return true;
}

// They go before fetches only as far as there is room; there are few of them.
void WebThread::start_posts() {
  Post next;
  while (https_.running() < fetches_max_ && posts_.pop(next)) {
    posting_[++tokens_] = next.token;
    https_.start(tokens_, std::move(next.request));
  }
}

void WebThread::finish(Https::Done done) {
  if (const auto fetch = fetching_.extract(done.token))
    keeper_.fetched(fetch.mapped(), std::move(done.result), clock_.wall());
  if (const auto post = posting_.extract(done.token)) {
    const bool placed = posted_.push({post.mapped(), std::move(done.result)});
    SLUICE_ASSERT(placed);  // there are not more posts than places
  }
}

void WebThread::take_questions() {
  StsRequest request;
  for (const auto& desk : desks_)
    while (desk->take(request)) keeper_.ask(*desk, std::move(request), clock_.wall());
}

void WebThread::start_fetches() {
  while (https_.running() < fetches_max_) {
    auto fetch = keeper_.next_fetch();
    if (!fetch) return;
    fetching_[++tokens_] = std::move(fetch->domain);
    https_.start(tokens_, std::move(fetch->request));
  }
}

// One that finds no room is said again when it happens again.
void WebThread::note(std::string text) {
  if (!text.empty()) notes_.push("MTA-STS: policies are not kept: " + std::move(text));
}

}  // namespace sluice::web
