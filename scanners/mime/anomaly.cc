#include "scanners/mime/anomaly.h"

#include <array>

namespace sluice::scan::mime {
namespace {

constexpr std::array<std::string_view, kAnomalies> kNames{
    "missing_mime_version",
    "duplicate_content_type",
    "duplicate_encoding",
    "duplicate_disposition",
    "duplicate_identity",
    "duplicate_parameter",
    "broken_parameter",
    "encoded_word_parameter",
    "comment_in_type",
    "broken_type",
    "field_without_name",
    "space_before_colon",
    "header_control_octet",
    "header_eight_bit",
    "blank_continuation",
    "missing_blank_line",
    "boundary_missing",
    "boundary_empty",
    "boundary_long",
    "boundary_strange",
    "boundary_reused",
    "boundary_prefix",
    "close_delimiter_missing",
    "no_parts",
    "delimiter_lookalike",
    "preamble_text",
    "epilogue_text",
    "unknown_encoding",
    "encoded_composite",
    "base64_foreign",
    "base64_inner_padding",
    "base64_truncated",
    "quoted_printable_broken",
    "uuencoded_text",
    "uuencode_broken",
    "unknown_charset",
    "charset_mismatch",
    "nul_octet",
    "line_too_long",
    "external_body",
    "partial_message",
    "tnef",
    "type_name_conflict",
    "depth_limit",
    "parts_limit",
    "header_bytes_limit",
    "header_fields_limit",
    "parameter_limit",
    "text_limit",
    "uri_limit",
    "html_depth_limit",
};

}  // namespace

std::string_view anomaly_name(Anomaly anomaly) noexcept {
  return kNames[static_cast<std::size_t>(anomaly)];
}

std::span<const std::string_view> anomaly_names() noexcept { return kNames; }

}  // namespace sluice::scan::mime
