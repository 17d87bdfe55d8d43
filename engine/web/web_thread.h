// The thread that speaks HTTPS for the engine: fetches the policies that workers ask for.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/spsc_ring.h"
#include "engine/web/https.h"
#include "engine/web/sts_keeper.h"

namespace sluice::web {

class WebThread {
 public:
  struct Settings {
    StsKeeper::Settings sts;
    Https::Settings https;
    std::size_t fetches_max = 16;  // at once; further ones wait
  };
  WebThread(Settings settings, Clock& clock);
  ~WebThread() { stop(); }
  WebThread(const WebThread&) = delete;
  WebThread& operator=(const WebThread&) = delete;

  // A worker's access; before start(). `wake` wakes that worker.
  StsDesk& add_desk(std::function<void()> wake);
  void start();
  void stop();  // when no worker asks any more

  // For the control thread: something that an operator should know. False: nothing now.
  bool next_note(std::string& note) { return notes_.pop(note); }

 private:
  void run();
  void take_questions();
  void start_fetches();
  void note(std::string text);

  std::size_t fetches_max_;
  Clock& clock_;
  Https https_;
  StsKeeper keeper_;
  std::vector<std::unique_ptr<StsDesk>> desks_;
  std::map<std::uint64_t, std::string> fetching_;  // domains, by token
  std::uint64_t tokens_ = 0;
  SpscRing<std::string> notes_{64};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace sluice::web
