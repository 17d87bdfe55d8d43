// Rules that every rule set begins with, so that a first try shows something. Files may define them
// anew or give them other scores. BAYES_9999 and BAYES_0000 count more when the classifier is as
// sure as can be: cross validation found their scores (bench/verdict/README.md).
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
body BAYES_9999 eval:check_bayes('0.9999', '1.00')
tflags BAYES_9999 learn
describe BAYES_9999 the classifier is over 99.99% sure that this is spam
score BAYES_9999 0 0 2 2
body BAYES_0000 eval:check_bayes('0.00', '0.0001')
tflags BAYES_0000 nice learn
describe BAYES_0000 the classifier is over 99.99% sure that this is not spam
score BAYES_0000 0 0 -1.5 -1.5
)cf";

}  // namespace sluice::scan
