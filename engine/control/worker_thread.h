// The thread of one worker core: pinned, makes its Worker on itself (so that its memory and its
// queue device belong to it) and runs tick() until told to stop.
#pragma once

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "engine/config/config.h"
#include "engine/control/event_ring.h"
#include "engine/control/stall_watch.h"
#include "engine/net/dpdk/dpdk.h"
#include "engine/worker/worker.h"

namespace sluice::control {

struct WorkerThread {
  WorkerThread(std::size_t ring_bytes, Clock& clock) : events(ring_bytes, clock) {}

  EventRing events;
  worker::Counters counters;
  worker::CycleLedger ledger;
  std::unique_ptr<worker::HandshakeOffload> handshakes;  // null: the worker runs them itself
  std::unique_ptr<examination::Desk> examinations;       // null: nothing is examined
  web::StsDesk* policies = nullptr;
  scan::bayes::Lessons* lessons = nullptr;  // null: nothing is learned unasked
  worker::Worker* worker = nullptr;         // while `running`; other threads use post() only
  std::atomic<bool> running{false};
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> rounds{0};  // an idle worker makes some too
  StallWatch stall;                      // the control thread's
  int wake_descriptor = -1;              // eventfd that ends its sleep
  std::thread thread;
};

struct WorkerStart {
  unsigned index = 0;
  std::shared_ptr<const worker::Generation> generation;
  Clock* clock = nullptr;
  net::Dpdk* dpdk = nullptr;  // null when no port is configured
  std::uint64_t connection_id_base = 0;
  std::shared_ptr<const net::PrefixTable> block_table;  // the worker's filter takes it over
  std::shared_ptr<const worker::Directives> directives;
  const std::atomic<std::uint32_t>* disk_used = nullptr;
};

// The thread's body. `ready` gets the empty string once the worker runs, else why it could not
// start.
void run_worker_thread(WorkerStart start, WorkerThread& self, std::promise<std::string> ready);

void wake(WorkerThread& worker) noexcept;

}  // namespace sluice::control
