#include "tests/support/wire/path.h"

namespace sluice::net::test {

Path::Path(Timeline& timeline, Random& random, const WireOptions& options)
    : bottleneck_(timeline),
      loss_(random),
      burst_(random),
      duplicate_(random),
      corrupt_(random),
      delay_(timeline, random) {
  bottleneck_.feed(loss_);
  loss_.feed(burst_);
  burst_.feed(duplicate_);
  duplicate_.feed(corrupt_);
  corrupt_.feed(delay_);
  set_options(options);
}

void Path::set_options(const WireOptions& options) {
  bottleneck_.bits_per_second = options.bits_per_second;
  bottleneck_.queue_octets = options.queue_octets;
  loss_.share = options.loss;
  burst_.options = options.burst;
  duplicate_.share = options.duplicate;
  corrupt_.share = options.corrupt;
  delay_.delay = options.delay;
  delay_.jitter = options.jitter;
  delay_.reorder = options.reorder;
}

}  // namespace sluice::net::test
