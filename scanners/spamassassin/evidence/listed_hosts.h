// In which lists of hosts (Lists) hosts of a message's links are: asked of each when it is new,
// because at the end of a message somebody waits.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "scanners/spamassassin/lists.h"

namespace sluice::scan::sa {

class ListedHosts {
 public:
  void begin(const Lists& lists);
  void add(const Lists& lists, std::string_view host);
  bool any_in(HostListNumber list) const noexcept { return lists_[list].has_any; }

 private:
  struct List {
    bool has_any = false;
    std::uint32_t decided = 0;  // of the host that said last whether it is in it; the first is 1
  };
  std::vector<List> lists_;
  std::uint32_t hosts_ = 0;
};

}  // namespace sluice::scan::sa
