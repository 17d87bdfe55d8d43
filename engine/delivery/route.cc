#include "engine/delivery/route.h"

#include "engine/policy/recipient_policy.h"

namespace sluice::delivery {

std::optional<std::size_t> find_route(const std::vector<config::Route>& routes,
                                      std::string_view domain) noexcept {
  for (std::size_t i = 0; i < routes.size(); ++i)
    if (routes[i].domain == "*" || policy::domain_matches(routes[i].domain, domain)) return i;
  return {};
}

std::string_view mailbox_of(std::string_view address, std::string_view postmaster) noexcept {
  const bool bare = policy::domain_of(address).empty();
  return bare && !policy::domain_of(postmaster).empty() ? postmaster : address;
}

std::string_view routing_domain(std::string_view address, std::string_view hostname) noexcept {
  const std::string_view domain = policy::domain_of(address);
  return domain.empty() ? hostname : domain;
}

}  // namespace sluice::delivery
