// What is noteworthy about the attachments of a message. Each is told as a rule of its own, whose
// score stands beside those of all rules (scanners/builtin_rules.h) and can be changed likewise.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::scan::attachment {

enum class Finding : std::uint8_t {
  eicar,         // the anti-virus test file
  program,       // content that runs, whatever its name
  runs_by_name,  // a name by which it would be run
  mismatch,      // content is not what name or declared type say
  double_extension,
  text_direction,
  disguised_name,  // other tricks of names
  encrypted,       // an archive or document that cannot be looked into
  broken,          // an archive or document that cannot be read to its end
  bomb,            // expands beyond all reason
  too_deep,        // archives in archives beyond the limit
  limit,           // not all was looked at: files, octets or time
  macro,           // an Office document with a program
  macro_auto,      // that runs when the document is opened
  excel4_macro,
  ole_package,  // a file embedded in a document
  pdf_script,
  pdf_launch,       // a PDF that starts a program or fetches a document
  pdf_file,         // a PDF with a file inside
  pdf_encrypted,    // not all of it could be looked at
  remote_template,  // a document that loads its template from elsewhere
  virus,
  not_scanned,  // for viruses, though it should have been
  count_,
};

inline constexpr std::size_t kFindings = static_cast<std::size_t>(Finding::count_);

std::string_view rule_name(Finding finding) noexcept;  // "ATTACH_PROGRAM"

class Findings {
 public:
  constexpr void add(Finding finding) noexcept { bits_ |= 1U << static_cast<unsigned>(finding); }
  constexpr void add(Findings others) noexcept { bits_ |= others.bits_; }
  constexpr bool has(Finding finding) const noexcept {
    return (bits_ >> static_cast<unsigned>(finding) & 1) != 0;
  }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  constexpr bool operator==(const Findings&) const = default;

 private:
  std::uint32_t bits_ = 0;
};
static_assert(kFindings <= 32);

}  // namespace sluice::scan::attachment
