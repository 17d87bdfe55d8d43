// What was found in a message in the forms that SpamAssassin has for it, for whoever reads those:
// the report, and the X-Spam-* header fields.
#pragma once

#include <string>

#include "scanners/spamassassin/whole_message.h"

namespace sluice::scan::sa {

inline constexpr double kSpamScore = 5;  // SpamAssassin's "required_score"

// "Content analysis details: (7.3 points, 5.0 required)" and a table of the rules.
std::string report_text(const Program& program, const WholeMessageScanner::Report& report,
                        double required);
// X-Spam-Flag, X-Spam-Level and X-Spam-Status, folded, with the line end given.
std::string status_fields(const Program& program, const WholeMessageScanner::Report& report,
                          double required, std::string_view line_end);
// "BAYES_99,HTML_MESSAGE": the rules that hit, without helpers, "" when none did.
std::string rule_names(const Program& program, const WholeMessageScanner::Report& report);

}  // namespace sluice::scan::sa
