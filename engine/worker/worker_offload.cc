// What other threads have done for the sessions of this worker.
#include "engine/worker/worker.h"

namespace sluice::worker {

std::size_t Worker::run_handshakes(Instant now) {
  HandshakeOffload* const offload = core_.handshakes;
  if (offload == nullptr) return 0;
  std::size_t work = 0;
  while (HandshakeJob* job = offload->next_completed()) {
    ++work;
    Inbound* session = sessions_.find(Handle::unpack(job->owner));
    SLUICE_ASSERT(session != nullptr);  // one that ends takes its job back
    settle(*session, session->run(now));
  }
  while (offload->has_room()) {
    SessionLinks* links = core_.handshake_waiters.pop_front();
    if (links == nullptr) break;
    ++work;
    auto& session = static_cast<Inbound&>(*links);
    settle(session, session.run(now));
  }
  return work;
}

std::size_t Worker::run_examinations(Instant now) {
  if (core_.examinations == nullptr) return 0;
  std::size_t work = 0;
  while (examination::Job* job = core_.examinations->next_completed()) {
    ++work;
    if (job->owner == ScanBacklog::kExaminationOwner) {
      backlog_.examined(*delivery_);
      continue;
    }
    Inbound* session = sessions_.find(Handle::unpack(job->owner));
    SLUICE_ASSERT(session != nullptr);  // one that ends gives its job up
    settle(*session, session->examined(now));
  }
  return work;
}

}  // namespace sluice::worker
