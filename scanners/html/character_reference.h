// Character references of HTML (WHATWG HTML 13.2.5.72): "&amp;", "&#65;", "&#x41", "&nbsp".
#pragma once

#include <cstddef>
#include <span>

namespace sluice::scan::html {

enum class Within : bool { text, attribute };

// Replaces the references in `text` by their UTF-8, in place; returns the size. What is no
// reference stays, and so do the two that are shorter than their UTF-8. In an attribute "&copy=1"
// and "&copyx" are none.
std::size_t resolve_references(std::span<char> text, Within within) noexcept;

}  // namespace sluice::scan::html
