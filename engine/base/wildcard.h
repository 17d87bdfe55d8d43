// Patterns in which '*' stands for any octets, as operators write them.
#pragma once

#include <string_view>

namespace sluice {

// Without regard to the case of ASCII letters. Takes pattern times text steps at most.
bool matches_wildcard(std::string_view pattern, std::string_view text) noexcept;

}  // namespace sluice
