// Rules that every rule set begins with, so that a first try shows something. Files may define them
// anew or give them other scores. Those with "meta NAME 0" never hit by themselves: they carry the
// name and the score of what is found in attachments (scanners/attachment/finding.h).
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
body BAYES_0000 eval:check_bayes('0.00', '0.0001')
tflags BAYES_0000 nice learn
describe BAYES_0000 the classifier is over 99.99% sure that this is not spam
meta ATTACH_PROGRAM 0
describe ATTACH_PROGRAM a file that is a program by its content
score ATTACH_PROGRAM 4.0
meta ATTACH_RUNS 0
describe ATTACH_RUNS a file that would run by its name
score ATTACH_RUNS 3.0
meta ATTACH_MISMATCH 0
describe ATTACH_MISMATCH a file whose content is not what its name or type says
score ATTACH_MISMATCH 2.0
meta ATTACH_DOUBLE_EXT 0
describe ATTACH_DOUBLE_EXT a program named like a document, invoice.pdf.exe
score ATTACH_DOUBLE_EXT 3.5
meta ATTACH_RTL_NAME 0
describe ATTACH_RTL_NAME a file name that turns the direction of its text
score ATTACH_RTL_NAME 3.5
meta ATTACH_ODD_NAME 0
describe ATTACH_ODD_NAME a file name with blanks, dots, a path or a CLSID to hide what it is
score ATTACH_ODD_NAME 2.0
meta ATTACH_ENCRYPTED 0
describe ATTACH_ENCRYPTED an archive or document that cannot be looked into
score ATTACH_ENCRYPTED 1.0
meta ATTACH_BROKEN 0
describe ATTACH_BROKEN an archive or document that cannot be read to its end
score ATTACH_BROKEN 0.5
meta ATTACH_BOMB 0
describe ATTACH_BOMB a file that expands beyond all reason
score ATTACH_BOMB 5.0
meta ATTACH_TOO_DEEP 0
describe ATTACH_TOO_DEEP archives in archives, too deep to follow
score ATTACH_TOO_DEEP 3.0
meta ATTACH_LIMIT 0
describe ATTACH_LIMIT files that were not looked at: too many, too large or too slow
score ATTACH_LIMIT 0.5
meta ATTACH_MACRO 0
describe ATTACH_MACRO an Office document with a program
score ATTACH_MACRO 1.5
meta ATTACH_MACRO_AUTO 0
describe ATTACH_MACRO_AUTO an Office document with a program that runs when it is opened
score ATTACH_MACRO_AUTO 3.0
meta ATTACH_XL4_MACRO 0
describe ATTACH_XL4_MACRO a table with Excel 4 macros
score ATTACH_XL4_MACRO 3.0
meta ATTACH_OLE_PACKAGE 0
describe ATTACH_OLE_PACKAGE a document with a file embedded in it
score ATTACH_OLE_PACKAGE 1.0
meta ATTACH_PDF_JS 0
describe ATTACH_PDF_JS a PDF with a program
score ATTACH_PDF_JS 1.0
meta ATTACH_PDF_LAUNCH 0
describe ATTACH_PDF_LAUNCH a PDF that starts a program or fetches a document
score ATTACH_PDF_LAUNCH 3.5
meta ATTACH_PDF_FILE 0
describe ATTACH_PDF_FILE a PDF with a file inside
score ATTACH_PDF_FILE 0.5
meta ATTACH_PDF_CRYPT 0
describe ATTACH_PDF_CRYPT an encrypted PDF, which could not be looked at whole
score ATTACH_PDF_CRYPT 0.1
meta ATTACH_TEMPLATE 0
describe ATTACH_TEMPLATE a document that loads its template from elsewhere
score ATTACH_TEMPLATE 3.0
meta VIRUS 0
describe VIRUS an anti-virus engine has found something
score VIRUS 1000
meta VIRUS_NOT_SCANNED 0
describe VIRUS_NOT_SCANNED it should have been scanned for viruses and was not
score VIRUS_NOT_SCANNED 0.1
)cf";

// What the classifier's rules are worth, instead of what SpamAssassin's distribution says of its
// own classifier's: about two thirds of the log odds, so that the points grow as evenly as the
// rules' bounds let them, and none where it cannot tell. BAYES_999 comes on top of BAYES_99,
// BAYES_9999 of both, BAYES_0000 of BAYES_00.
inline constexpr std::string_view kClassifierScores = R"cf(
score BAYES_00 0 0 -4.5 -4.5
score BAYES_0000 0 0 -1.5 -1.5
score BAYES_05 0 0 -2.5 -2.5
score BAYES_20 0 0 -1.5 -1.5
score BAYES_40 0 0 -0.5 -0.5
score BAYES_50 0 0 0.001 0.001
score BAYES_60 0 0 0.5 0.5
score BAYES_80 0 0 1.5 1.5
score BAYES_95 0 0 2.5 2.5
score BAYES_99 0 0 4.0 4.0
score BAYES_999 0 0 1.5 1.5
score BAYES_9999 0 0 1.0 1.0
)cf";

}  // namespace sluice::scan
