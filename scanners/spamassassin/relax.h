// What makes an expression dear to compile, and a cheaper one that matches at least the same texts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::scan::sa {

// States that bounded repeats unfold to, roughly: "(ab{3}){10}" is 40.
std::size_t unfolded_size(std::string_view pattern);

// Bounded repeats of more than a few become unbounded ones: "x{2,90}" -> "x+", "x{0,90}" -> "x*".
std::string relax_repeats(std::string_view pattern);

}  // namespace sluice::scan::sa
