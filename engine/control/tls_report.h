// The report on TLS to one domain (RFC 8460 4, 5): the JSON, compressed, and the mail around it.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/delivery/generated.h"
#include "engine/delivery/tls_tally.h"

namespace sluice::control {

struct ReportFrame {  // who reports on what time
  std::string organization;
  std::string contact;   // mailbox
  std::string hostname;  // of the gateway; in the report's id
  WallTime begins;
  WallTime ends;
};

inline constexpr std::string_view kReportMediaType = "application/tlsrpt+gzip";

std::string tls_report_text(const ReportFrame& frame, const std::string& domain,
                            const delivery::TlsDomainTally& tally);
std::string gzip(std::string_view text);  // RFC 1952

// Without recipients: the caller has them.
delivery::GeneratedMail tls_report_mail(const ReportFrame& frame, const std::string& domain,
                                        std::string_view compressed);

}  // namespace sluice::control
