// SHA-256 (FIPS 180-4) of octets that come in pieces.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "engine/base/bytes.h"

namespace sluice::tls {

class Sha256 {
 public:
  using Digest = std::array<std::uint8_t, 32>;

  Sha256();
  ~Sha256();
  void update(ByteView octets) noexcept;
  Digest finish() noexcept;  // and begins anew

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::tls
