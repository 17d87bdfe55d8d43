// How an expression is looked for: judged by its structure, because Hyperscan takes seconds over
// some, and scans slowly for those that hold no rare literal.
#pragma once

#include <optional>

#include "scanners/hyperscan/database.h"
#include "scanners/spamassassin/pattern/factor.h"
#include "scanners/spamassassin/pattern/loose_regex.h"
#include "scanners/spamassassin/pattern/octet_counter.h"
#include "scanners/spamassassin/pattern/openers.h"
#include "scanners/spamassassin/rule.h"

namespace sluice::scan::sa {

// How it is found; all but `exact` and `octets` ask PCRE2 for the last word.
enum class Form : std::uint8_t {
  exact,      // Hyperscan knows the whole of it
  prefilter,  // Hyperscan finds the places that may match
  factor,     // its factor says where it may match
  octets,     // its matches are an octet or two, and are counted
  none,       // PCRE2 looks at every text
};

struct PatternPlan {
  Form form = Form::none;
  std::optional<Factor> factor;  // of Form::factor
  // Matches wherever the pattern does and a little oftener, for much less than PCRE2 takes.
  std::optional<LooseRegex> guard;
  std::optional<RegexNode> guard_copy;  // whose seams it looks for
  std::optional<OctetCounter> octets;   // of Form::octets
  std::optional<Openers> openers;       // where it is worth while to look for them first
};

// `counts`: how many matches there are is asked.
PatternPlan plan_pattern(const PerlRegex& regex, Kind kind, bool counts = false);
hyperscan::Expression hyperscan_expression(const PerlRegex& regex, Form form);

}  // namespace sluice::scan::sa
