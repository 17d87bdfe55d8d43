// Where the decisions of a mutated exchange come from: a seed, or the input of a fuzzer. 0 is the
// harmless choice everywhere, so that an input that has run out lets the exchange end honestly.
#pragma once

#include <span>

#include "engine/base/bytes.h"
#include "engine/base/random.h"

namespace sluice::net::test {

class Choices {
 public:
  virtual ~Choices() = default;
  virtual std::uint32_t below(std::uint32_t bound) = 0;  // bound > 0
  virtual bool exhausted() const = 0;

  // True once in `odds` times.
  bool one_in(std::uint32_t odds) { return below(odds) == odds - 1; }
  template <typename T, std::size_t Count>
  T pick(const T (&choices)[Count]) {
    return choices[below(Count)];
  }
  std::uint32_t any() { return below(0x10000) << 16 | below(0x10000); }
};

class RandomChoices final : public Choices {
 public:
  explicit RandomChoices(std::uint64_t seed) : random_(seed) {}
  std::uint32_t below(std::uint32_t bound) override {
    return static_cast<std::uint32_t>(random_.below(bound));
  }
  bool exhausted() const override { return false; }

 private:
  Random random_;
};

// One octet for a small bound, two for a larger one.
class ByteChoices final : public Choices {
 public:
  explicit ByteChoices(ByteView octets) : octets_(octets) {}
  std::uint32_t below(std::uint32_t bound) override {
    std::uint32_t value = octet();
    if (bound > 256) value = value << 8 | octet();
    return value % bound;
  }
  bool exhausted() const override { return octets_.empty(); }

 private:
  std::uint32_t octet() {
    if (octets_.empty()) return 0;
    const std::uint8_t first = octets_[0];
    octets_ = octets_.subspan(1);
    return first;
  }

  ByteView octets_;
};

}  // namespace sluice::net::test
