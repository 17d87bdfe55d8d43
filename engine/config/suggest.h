// "Did you mean …": the known name nearest to a mistyped one.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace sluice::config {

// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of `known`, or empty when none is near enough (a third of its length, at least 1).
std::string_view nearest(std::string_view given, std::span<const std::string_view> known);

}  // namespace sluice::config
