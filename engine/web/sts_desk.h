// Where a worker asks for policies: two rings between it and the thread that has them. Every
// question is answered, and there are never more of them than places.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "engine/base/spsc_ring.h"
#include "engine/web/sts_cache.h"
#include "engine/web/sts_record.h"

namespace sluice::web {

struct StsRequest {
  std::uint64_t token = 0;  // the worker's own affair
  StsQuery query;
};

struct StsAnswer {
  std::uint64_t token = 0;
  StsState state;
};

class StsDesk {
 public:
  static constexpr std::size_t kPlaces = 8'192;

  // `bell` wakes the thread, `wake` the worker; both may be empty.
  StsDesk(std::function<void()> bell, std::function<void()> wake)
      : bell_(std::move(bell)), wake_(std::move(wake)) {}

  // The worker's side. False: too many questions are open.
  bool ask(StsRequest request) {
    if (open_ == kPlaces || !requests_.push(std::move(request))) return false;
    ++open_;
    if (bell_) bell_();
    return true;
  }
  bool next(StsAnswer& answer) {
    if (!answers_.pop(answer)) return false;
    --open_;
    return true;
  }

  // The thread's side.
  bool take(StsRequest& request) { return requests_.pop(request); }
  void answer(StsAnswer answer) {
    const bool placed = answers_.push(std::move(answer));
    SLUICE_ASSERT(placed);
    if (wake_) wake_();
  }

 private:
  std::function<void()> bell_;
  std::function<void()> wake_;
  SpscRing<StsRequest> requests_{kPlaces};
  SpscRing<StsAnswer> answers_{kPlaces};
  std::size_t open_ = 0;
};

}  // namespace sluice::web
