#include "scanners/bayes/model.h"

#include <sys/mman.h>

#include <bit>
#include <cmath>

#include "engine/base/contract.h"

namespace sluice::scan::bayes {

Model::Model(Counts learned, const ForEachToken& for_each, const Parameters& parameters)
    : learned_(learned), parameters_(parameters) {
  const auto speaks = [this](Token token, Counts counts) {
    return token != 0 && std::abs(probability(counts) - 0.5) >= parameters_.deviation_min;
  };
  if (ready()) for_each([&](Token token, Counts counts) { tokens_ += speaks(token, counts); });
  const std::size_t slots = std::bit_ceil(tokens_ + tokens_ / 2 + 2);
  mask_ = slots - 1;
  void* const memory = ::mmap(nullptr, slots * sizeof(Entry), PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  SLUICE_ASSERT(memory != MAP_FAILED);
  slots_ = static_cast<Entry*>(memory);
  if (tokens_ == 0) return;
  std::size_t left = tokens_;  // others may be learned between the two passes
  for_each([&](Token token, Counts counts) {
    if (left == 0 || !speaks(token, counts)) return;
    insert(token, probability(counts));
    --left;
  });
}

Model::~Model() { ::munmap(slots_, memory_bytes()); }

// Robinson's f(w): what was seen, pulled towards the unknown the less was seen.
double Model::probability(Counts counts) const noexcept {
  const double spam = static_cast<double>(counts.spam) / learned_.spam;
  const double ham = static_cast<double>(counts.ham) / learned_.ham;
  if (spam + ham == 0) return 0.5;
  const double seen = counts.spam + counts.ham;
  return (parameters_.strength * parameters_.unknown + seen * (spam / (spam + ham))) /
         (parameters_.strength + seen);
}

void Model::insert(Token token, double probability) noexcept {
  std::size_t at = token & mask_;
  while (slots_[at].token != 0) at = (at + 1) & mask_;
  slots_[at] = {token, static_cast<float>(std::log(probability)),
                static_cast<float>(std::log1p(-probability))};
}

}  // namespace sluice::scan::bayes
