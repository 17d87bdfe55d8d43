// Socket addresses of the interface as endpoints, and back.
#pragma once

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "engine/base/ip_address.h"

namespace sluice::net::abi {

// The unspecified address of either family becomes IpAddress{}. Nothing when the length does not
// fit the family or the family is another.
inline std::optional<Endpoint> endpoint_of(const sockaddr* address, socklen_t length) {
  if (address == nullptr || length < sizeof(sa_family_t)) return {};
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    return Endpoint{IpAddress::from_v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
  }
  if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof v6);
    Endpoint endpoint{{}, ntohs(v6.sin6_port)};
    std::memcpy(endpoint.address.octets.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    return endpoint;
  }
  return {};
}

// As the kernel does: cut to the caller's room, the true length told.
inline void store_address(const Endpoint& endpoint, int family, sockaddr* out, socklen_t* length) {
  if (out == nullptr || length == nullptr) return;
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_in6);
  if (family == AF_INET) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    if (endpoint.address.is_v4()) v4.sin_addr.s_addr = htonl(endpoint.address.v4());
    size = sizeof(sockaddr_in);
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.address.octets.data(), sizeof v6.sin6_addr);
  }
  std::memcpy(out, &storage, std::min(*length, size));
  *length = size;
}

}  // namespace sluice::net::abi
