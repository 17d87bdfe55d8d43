// Views of a message: groups of its tokens. Tokens of one view depend on each other (words of one
// phrase, parts of one mailing), those of different views much less. So each view has a bounded say
// of its own, and a message is spam for sure only where several agree.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "scanners/bayes/token.h"

namespace sluice::scan::bayes {

enum class View : std::uint8_t {
  words,  // of the text and the Subject
  pairs,  // of neighbours
  links,
  form,    // parts, figures, what is broken, how fields relate
  header,  // fields, what made the message, addresses: most of what tells one place from another
};
inline constexpr std::size_t kViews = 5;
inline constexpr std::array<std::string_view, kViews> kViewNames{"words", "pairs", "links", "form",
                                                                 "header"};
using PerView = std::array<double, kViews>;

constexpr View view_of(Token token) noexcept {
  switch (kind_of(token)) {
    case Kind::pair: return View::pairs;
    case Kind::uri_host:
    case Kind::uri_path:
    case Kind::uri_sign: return View::links;
    case Kind::relation:
    case Kind::part:
    case Kind::container:
    case Kind::anomaly:
    case Kind::figure: return View::form;
    case Kind::field:
    case Kind::value:
    case Kind::shape:
    case Kind::address: return View::header;
    default: return View::words;
  }
}

}  // namespace sluice::scan::bayes
