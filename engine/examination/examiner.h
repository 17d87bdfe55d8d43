// One thread that examines messages, one at a time: looks into their files and shows them to the
// anti-virus engine.
#pragma once

#include <atomic>
#include <memory>

#include "engine/antivirus/verdict_cache.h"
#include "engine/antivirus/virus_engine.h"
#include "engine/base/lending.h"
#include "engine/config/config.h"
#include "engine/examination/job.h"
#include "scanners/attachment/unpacker.h"

namespace sluice::examination {

class Examiner {
 public:
  // `cache` is shared by all threads.
  Examiner(const config::Examination& examination, const config::Antivirus& antivirus,
           const config::Scan& scan, antivirus::VerdictCache& cache);

  // The thread's body: sleeps while there is nothing to do. After stop() it gives back what it has,
  // unexamined, until exit(); likewise what nobody waits for.
  void run();
  void stop() noexcept { stopping_.store(true, std::memory_order_release); }
  void exit() noexcept;
  Borrower<Job>& borrower() noexcept { return borrower_; }

 private:
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
  scan::attachment::Unpacker unpacker_;
  Borrower<Job> borrower_;
  std::atomic<bool> stopping_{false};
};

}  // namespace sluice::examination
