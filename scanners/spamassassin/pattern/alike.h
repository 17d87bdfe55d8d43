// Expressions that differ in a few places as one that matches at least what each of them does, so
// that what is asked before PCRE2 is asked once for all.
#pragma once

#include "scanners/spamassassin/pattern/regex_tree.h"

namespace sluice::scan::sa {

RegexNode merge_alike(const RegexNode& a, const RegexNode& b);

}  // namespace sluice::scan::sa
