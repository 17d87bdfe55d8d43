// A class of octets as Hyperscan's expressions write it.
#pragma once

#include <string>

#include "scanners/spamassassin/pattern/regex_tree.h"

namespace sluice::scan::sa {

// As short as can be: the library limits the length of expressions.
void append_class(const OctetSet& set, std::string& out);

}  // namespace sluice::scan::sa
