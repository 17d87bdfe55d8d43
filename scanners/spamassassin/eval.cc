#include "scanners/spamassassin/eval.h"

#include <algorithm>
#include <array>

namespace sluice::scan::sa {
namespace {

struct Named {
  std::string_view name;
  EvalFunction function;
};

constexpr std::array<Named, 0> kFunctions{};

}  // namespace

EvalFunction find_eval(std::string_view name) noexcept {
  const auto found = std::ranges::find(kFunctions, name, &Named::name);
  return found == kFunctions.end() ? nullptr : found->function;
}

}  // namespace sluice::scan::sa
