// The thread that speaks HTTPS for the engine: fetches the policies that workers ask for, and posts
// what the control thread wants to have posted.
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

  // For the control thread: a request, and how it ended. False: no room; nothing has ended.
  struct Post {
    std::uint64_t token = 0;
    HttpsRequest request;
  };
  struct Posted {
    std::uint64_t token = 0;
    HttpsResult result;
  };
  bool post(Post request);
  bool next_posted(Posted& posted);

  // For the control thread: something that an operator should know. False: nothing now.
  bool next_note(std::string& note) { return notes_.pop(note); }

 private:
  void run();
  void take_questions();
  void start_fetches();
  void start_posts();
  void finish(Https::Done done);
  void note(std::string text);

  std::size_t fetches_max_;
  Clock& clock_;
  Https https_;
  StsKeeper keeper_;
  std::vector<std::unique_ptr<StsDesk>> desks_;
  std::map<std::uint64_t, std::string> fetching_;   // domains, by token
  std::map<std::uint64_t, std::uint64_t> posting_;  // the caller's token, by ours
  std::uint64_t tokens_ = 0;
  SpscRing<std::string> notes_{64};
  SpscRing<Post> posts_{64};
  SpscRing<Posted> posted_{64};
  std::size_t open_posts_ = 0;  // the control thread's own
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace sluice::web
