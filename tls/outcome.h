// How far a step of a TLS connection went.
#pragma once

#include <cstdint>

namespace sluice::tls {

enum class Outcome : std::uint8_t {
  done,         // it happened
  want_input,   // not before more octets have come from the peer
  want_output,  // not before the stream takes more octets
  closed,       // the peer said close_notify: an orderly end
  failed,       // failure() says why; nothing more can be read or written
};

}  // namespace sluice::tls
