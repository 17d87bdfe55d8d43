#include "engine/net/transport.h"

namespace sluice::net {

const char* describe(NetError error) noexcept {
  switch (error) {
    case NetError::refused: return "connection refused";
    case NetError::reset: return "connection reset by peer";
    case NetError::timed_out: return "connection timed out";
    case NetError::unreachable: return "destination unreachable";
    case NetError::in_use: return "local address in use";
    case NetError::denied: return "permission denied";
    case NetError::too_large: return "datagram too large";
    case NetError::no_resources: return "no buffers or connection slots left";
  }
  return "unknown network error";
}

}  // namespace sluice::net
