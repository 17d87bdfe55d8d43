// A user name and password for a next hop. Never logged; sent inside TLS only.
#pragma once

#include <string>

namespace sluice::smtp {

inline constexpr std::size_t kCredentialBytesMax = 255;  // of each

struct Credentials {
  std::string user;
  std::string password;
  bool given() const noexcept { return !user.empty(); }
};

}  // namespace sluice::smtp
