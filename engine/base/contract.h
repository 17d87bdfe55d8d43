// SLUICE_ASSERT: our own bugs, checked in every build. Never for what a peer, disk or operator
// does.
#pragma once

namespace sluice {
[[noreturn]] void assert_failed(const char* expression, const char* file, int line) noexcept;
}

#define SLUICE_ASSERT(condition)                               \
  do {                                                         \
    if (!(condition)) [[unlikely]]                             \
      ::sluice::assert_failed(#condition, __FILE__, __LINE__); \
  } while (false)
