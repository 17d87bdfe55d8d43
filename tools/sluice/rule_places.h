// Where in a message a rule has hit.
#pragma once

#include <optional>
#include <string>

#include "scanners/pcre/expression.h"
#include "scanners/spamassassin/rule.h"
#include "tools/sluice/message_texts.h"

namespace sluice::tools {

// Null: not an expression, or PCRE2 does not take it.
std::optional<scan::pcre::Expression> expression_of(const scan::sa::Rule& rule);

// The first match and some octets around it, on one line of a terminal.
struct Place {
  std::string before, match, behind;
  std::string text() const { return before + ">>" + match + "<<" + behind; }
};

std::optional<Place> place_of(const scan::sa::Rule& rule, MessageTexts& texts,
                              scan::pcre::Tools& tools);

// Where it hit, or, of what is no expression, what it is.
std::string where_of(const scan::sa::Rule& rule, const std::optional<Place>& place);

}  // namespace sluice::tools
