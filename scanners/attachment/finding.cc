#include "scanners/attachment/finding.h"

#include <iterator>

namespace sluice::scan::attachment {
namespace {

constexpr std::string_view kNames[] = {"EICAR",
                                       "ATTACH_PROGRAM",
                                       "ATTACH_RUNS",
                                       "ATTACH_MISMATCH",
                                       "ATTACH_DOUBLE_EXT",
                                       "ATTACH_RTL_NAME",
                                       "ATTACH_ODD_NAME",
                                       "ATTACH_ENCRYPTED",
                                       "ATTACH_BROKEN",
                                       "ATTACH_BOMB",
                                       "ATTACH_TOO_DEEP",
                                       "ATTACH_LIMIT",
                                       "ATTACH_MACRO",
                                       "ATTACH_MACRO_AUTO",
                                       "ATTACH_XL4_MACRO",
                                       "ATTACH_OLE_PACKAGE",
                                       "ATTACH_PDF_JS",
                                       "ATTACH_PDF_LAUNCH",
                                       "ATTACH_PDF_FILE",
                                       "ATTACH_PDF_CRYPT",
                                       "ATTACH_TEMPLATE",
                                       "VIRUS",
                                       "VIRUS_NOT_SCANNED"};
static_assert(std::size(kNames) == kFindings);

}  // namespace

std::string_view rule_name(Finding finding) noexcept {
  return kNames[static_cast<std::size_t>(finding)];
}

}  // namespace sluice::scan::attachment
