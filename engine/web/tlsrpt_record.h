// Who wants reports on TLS (RFC 8460 3): the TXT record at `_smtp._tls.DOMAIN`. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/dns/answers.h"

namespace sluice::web {

inline constexpr std::size_t kReportUrisMax = 4;  // of one domain; further ones get no report

// "mailto:" and "https:" URIs as they stand in the record; empty: nobody wants reports.
std::vector<std::string> tlsrpt_uris(const std::vector<std::string>& texts);

// The mailbox of a mailto URI (RFC 6068 2), one of ASCII; nothing: it has none.
std::optional<std::string> mailto_address(std::string_view uri);

// Nothing: answers are missing.
std::optional<std::vector<std::string>> find_report_uris(std::string_view domain,
                                                         dns::AnswerTable& answers);

}  // namespace sluice::web
