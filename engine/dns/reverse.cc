#include "engine/dns/reverse.h"

#include <algorithm>

#include "engine/dns/name.h"

namespace sluice::dns {
namespace {

bool is_loopback(const IpAddress& address) {
  static const IpAddress v6 = *IpAddress::parse("::1");
  return address == v6 || (address.is_v4() && address.v4() >> 24 == 127);
}

}  // namespace

std::optional<ReverseName> find_reverse_name(const IpAddress& address, AnswerTable& answers) {
  if (is_loopback(address)) return ReverseName{"localhost", true};
  const Answer* pointers = answers.find(reverse_name(address), Type::ptr);
  if (pointers == nullptr) return {};
  ReverseName result;
  bool missing = false;
  for (const std::string& name : pointers->names) {
    if (&name - pointers->names.data() >= static_cast<std::ptrdiff_t>(kReverseNamesMax)) break;
    const auto host = normal_name(name);
    if (!host || host->empty()) continue;
    const Answer* addresses = answers.find(*host, address.is_v4() ? Type::a : Type::aaaa);
    if (addresses == nullptr) {
      missing = true;
    } else if (std::ranges::find(addresses->addresses, address) != addresses->addresses.end()) {
      return ReverseName{*host, true};
    }
    if (result.host.empty()) result.host = *host;
  }
  if (missing) return {};
  return result;
}

}  // namespace sluice::dns
