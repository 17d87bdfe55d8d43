// The header fields that tell the verdict to whoever reads the message later:
//   X-Spam-Flag: YES
//   X-Sluice-SCL: 5
//   X-Sluice-Report: score=5.2 rules=ADVANCE_FEE(2.5),
//     SUBJ_URGENT(1.2),... and 3 more
#pragma once

#include <span>

#include "scanners/scanner.h"

namespace sluice::scan {

inline constexpr std::size_t kStampBytesMin = 128;  // smaller buffers are left empty

// `flagged`: with X-Spam-Flag, which mail programs and Sieve scripts sort by. Writes complete
// lines, each under 78 octets and ending in CRLF; returns their octets. Rules that do not fit are
// counted at the end. Octets of a rule name that a header cannot carry become "_".
std::size_t write_stamps(const Verdict& verdict, const RuleSet& rules, bool flagged,
                         std::span<char> out) noexcept;

// One more field, in the words of Exchange's, for filters that know those; only what applies:
//   X-Sluice-Antispam-Report: SCL:0;CW:CustomList;MIME:MimeCompliance;
//     MessageSecurityAntispamBypass;OrigIP:192.0.2.1
// CW: a phrase of the operator's lists; MIME: the form is broken or ambiguous; the bypass: an
// allowed phrase outweighed all else; OrigIP: `source`, who handed the message over, where it is
// known.
std::size_t write_antispam_report(const Verdict& verdict, std::string_view source,
                                  std::span<char> out) noexcept;

}  // namespace sluice::scan
