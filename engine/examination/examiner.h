// One thread that examines messages, one at a time: looks into their files and shows them to the
// anti-virus engine.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "engine/antivirus/verdict_cache.h"
#include "engine/antivirus/virus_engine.h"
#include "engine/config/config.h"
#include "engine/examination/desk.h"

namespace sluice::examination {

class Examiner {
 public:
  // `cache` is shared by all threads.
  Examiner(const config::Examination& examination, const config::Antivirus& antivirus,
           antivirus::VerdictCache& cache);

  Lane& add_lane(std::size_t jobs_max, std::function<void()> wake);  // before run()
  // The thread's body: sleeps while there is nothing to do. After stop() it gives back what it has,
  // unexamined, until exit().
  void run();
  void ring() noexcept;  // something was submitted
  void stop() noexcept;
  void exit() noexcept;

 private:
  std::size_t run_once();
  struct VirusScan {
    antivirus::Patience patience;
    std::string version{};
    antivirus::Answer answer{};
  };
  void examine(Job& job);
  antivirus::Answer scan_message(const Job& job, antivirus::Octets message, VirusScan& scan);
  void unpack(Job& job, antivirus::Octets message, VirusScan& scan);
  static void conclude(VirusScan scan, Result& result);
  antivirus::Answer ask(antivirus::Octets octets, const VirusScan& scan);

  config::Examination examination_;
  config::Antivirus antivirus_;
  antivirus::VerdictCache& cache_;
  std::unique_ptr<antivirus::VirusEngine> engine_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<std::uint32_t> bell_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> exiting_{false};
};

}  // namespace sluice::examination
