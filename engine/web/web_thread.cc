#include "engine/web/web_thread.h"

#include <pthread.h>

namespace sluice::web {
namespace {

constexpr Duration kLongestWait = seconds(10);

}  // namespace

WebThread::WebThread(Settings settings, Clock& clock)
    : fetches_max_(settings.fetches_max),
      clock_(clock),
      https_(std::move(settings.https)),
      keeper_(std::move(settings.sts)) {}

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
    for (Https::Done& done : https_.poll()) {
      const auto fetch = fetching_.extract(done.token);
      keeper_.fetched(fetch.mapped(), std::move(done.result), clock_.wall());
    }
    note(keeper_.take_trouble());
    https_.wait(kLongestWait);
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
