// The models that a scanner reads: one for all, and those of recipient domains with a database of
// their own.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "scanners/bayes/model.h"

namespace sluice::scan::bayes {

struct Models {
  struct OfDomain {
    std::string domain;
    std::shared_ptr<const Model> model;
  };
  std::shared_ptr<const Model> general;  // may be null
  std::vector<OfDomain> domains;

  // Of `domain` when it has one with enough learned, else the general one; null when none has.
  const Model* of(std::string_view domain) const noexcept {
    for (const OfDomain& one : domains)
      if (equals_ignoring_case(one.domain, domain) && one.model->ready()) return one.model.get();
    return general != nullptr && general->ready() ? general.get() : nullptr;
  }
  bool ready() const noexcept {
    for (const OfDomain& one : domains)
      if (one.model->ready()) return true;
    return general != nullptr && general->ready();
  }
};

}  // namespace sluice::scan::bayes
