// What went wrong in OpenSSL, taken out of its per-thread error queue. Whoever calls the library
// clears the queue before and takes it after, so that no session sees an error of another.
#pragma once

#include <array>
#include <string_view>

namespace sluice::tls {

struct Failure {
  unsigned long code = 0;  // OpenSSL's packed error code, 0 = none
  std::array<char, 192> text{};

  std::string_view view() const noexcept { return text.data(); }
};

void clear_errors() noexcept;
// The oldest entry of the queue, which names the cause; `otherwise` when there is none. Empties it.
Failure take_failure(std::string_view otherwise) noexcept;

}  // namespace sluice::tls
