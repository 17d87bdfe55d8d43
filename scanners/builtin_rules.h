// Rules that every rule set begins with, so that a first try shows something. Files may define them
// anew or give them other scores.
#pragma once

#include <string_view>

namespace sluice::scan {

inline constexpr std::string_view kBuiltinRules = R"cf(
body GTUBE /XJS\*C4JDBQADN1\.NSBN3\*2IDNEN\*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL\*C\.34X/
describe GTUBE the generic test string for unsolicited bulk mail
score GTUBE 1000
rawbody EICAR /X5O!P%\@AP\[4\\PZX54\(P\^\)7CC\)7\}\$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!\$H\+H\*/
describe EICAR the EICAR anti-virus test string in a text
score EICAR 1000
)cf";

}  // namespace sluice::scan
