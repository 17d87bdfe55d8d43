#include "scanners/spamassassin/evidence/listed_hosts.h"

namespace sluice::scan::sa {

void ListedHosts::begin(const Lists& lists) {
  lists_.assign(lists.host_lists(), {});
  hosts_ = 0;
}

// A listed "!sub.example.com" is nearer than "example.com".
void ListedHosts::add(const Lists& lists, std::string_view host) {
  ++hosts_;
  while (true) {
    for (const HostEntry& entry : lists.host_entries(host)) {
      List& list = lists_[entry.list];
      if (list.decided == hosts_) continue;
      list.decided = hosts_;
      list.has_any = list.has_any || entry.in;
    }
    const std::size_t dot = host.find('.');
    if (dot == host.npos) return;
    host.remove_prefix(dot + 1);
  }
}

}  // namespace sluice::scan::sa
