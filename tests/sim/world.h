// The whole engine in one process without time, threads, network or disk: the real Worker over the
// engine's own TCP/IP on a wire in memory and a disk in memory, with senders and a next hop on a
// second stack. Everything follows from the seed, so that a run can be repeated exactly.
//
// run() has two phases. Safety: the scenario's faults happen. Liveness: they have ended, and within
// bounded virtual time everything must be sent, delivered or bounced, and every resource home.
#pragma once

#include <list>
#include <memory>

#include "engine/net/stack.h"
#include "engine/worker/worker.h"
#include "tests/sim/ledger.h"
#include "tests/sim/next_hop.h"
#include "tests/sim/scenario.h"
#include "tests/sim/sender.h"
#include "tests/support/memory_device.h"
#include "tests/support/test_wire.h"

namespace sluice::sim {

class World {
 public:
  explicit World(const Scenario& scenario);
  ~World();

  // What went wrong, empty when nothing did.
  std::string run();

  const Ledger& ledger() const { return ledger_; }

 private:
  class NoEvents final : public mail::EventSink {
    void emit(const mail::Event&) noexcept override {}
  };
  // A kind of fault that happens now and then.
  struct Occasion {
    Duration mean;
    Instant next{};
    bool due(Instant now, Random& random);
  };

  void start_worker(std::unique_ptr<queueing::MemoryDevice> device);
  void crash();
  queueing::MemoryDevice::Faults disk() const;  // as the scenario has it
  void round();
  void work_of_peers();
  void make_faults();
  void set_clock();
  void end_faults();
  bool drained();
  bool run_until_drained(Duration limit);
  void run_for(Duration span);
  Instant next_event(std::size_t work);
  std::string check_resources();

  Scenario scenario_;
  Random random_;
  ManualClock clock_;
  Ledger ledger_;
  NoEvents events_;
  worker::Counters counters_;
  worker::CycleLedger cycles_;
  std::shared_ptr<const config::Config> config_;
  std::shared_ptr<const worker::Generation> generation_;
  net::test::TestWire wire_;  // port 0: the engine, port 1: everybody else
  std::unique_ptr<net::Transport> outside_;
  std::list<HopSession> hop_;
  std::list<Sender> senders_;
  queueing::MemoryDevice* device_ = nullptr;  // of the worker
  std::unique_ptr<worker::Worker> worker_;
  unsigned lives_ = 0;
  Occasion sender_reset_, hop_reset_, crash_, disk_error_, disk_full_, clock_set_;
  Instant restart_at_ = Instant::never();  // after a disk error
  Instant disk_free_at_ = Instant::never();
};

}  // namespace sluice::sim
