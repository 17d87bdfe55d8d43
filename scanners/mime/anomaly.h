// What is wrong or ambiguous about the form of a message: where mail programs differ in what they
// make of it, and which limits it reached. Each is evidence for rules, none is a failure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::scan::mime {

enum class Anomaly : std::uint8_t {
  // Header sections
  missing_mime_version,    // MIME fields in a message that does not say it is MIME
  duplicate_content_type,  // programs differ in whether the first or the last counts
  duplicate_encoding,      // Content-Transfer-Encoding twice
  duplicate_disposition,   // Content-Disposition twice
  duplicate_identity,      // From, Subject, Date, Message-ID or MIME-Version twice
  duplicate_parameter,     // one parameter twice, or in a plain and an RFC 2231 form
  broken_parameter,        // no value, an open quote, an unquoted special, a gap in name*0 name*2
  encoded_word_parameter,  // =?…?= in a parameter: shown decoded by some, literally by others
  comment_in_type,         // (…) within Content-Type or Content-Transfer-Encoding
  broken_type,             // no "type/subtype"
  field_without_name,      // a line without a field name ended the header
  space_before_colon,      // "Name : value"
  header_control_octet,    // NUL, a bare CR or another control character
  header_eight_bit,        // octets above 127, outside encoded words
  blank_continuation,      // a continuation line of white space only: the end to some
  missing_blank_line,      // a delimiter or the message's end before the blank line
  // Multiparts
  boundary_missing,         // a multipart without boundary: read as one part
  boundary_empty,           // boundary=""
  boundary_long,            // above RFC 2046's 70 octets
  boundary_strange,         // octets that RFC 2046 does not allow
  boundary_reused,          // the same as that of an enclosing multipart
  boundary_prefix,          // the beginning of an enclosing one's, or the other way round
  close_delimiter_missing,  // the multipart ended without its last boundary
  no_parts,                 // no boundary came: read as one part
  delimiter_lookalike,      // "--boundary" with more behind it: a delimiter to some
  preamble_text,            // text before the first boundary
  epilogue_text,            // text behind the last boundary
  // Encodings
  unknown_encoding,         // a Content-Transfer-Encoding that is none: octets taken as they are
  encoded_composite,        // a multipart or message that says it is base64 or quoted-printable
  base64_foreign,           // octets outside the alphabet: skipped, an error to some
  base64_inner_padding,     // "=" with more behind it
  base64_truncated,         // an incomplete last group
  quoted_printable_broken,  // "=" without two hexadecimal digits or a line end
  uuencoded_text,           // a uuencoded file within text
  uuencode_broken,          // its length and its lines disagree, or it never ends
  // Text
  unknown_charset,
  charset_mismatch,  // not what the label says; read as what it is
  nul_octet,         // NUL in text
  line_too_long,     // above RFC 5322's 998 octets
  // Parts
  external_body,       // message/external-body: the content is elsewhere
  partial_message,     // message/partial: the content is in other messages
  tnef,                // a container of Microsoft's: application/ms-tnef or its magic
  type_name_conflict,  // the file name says something else than the type
  // Limits reached: the rest is told as plain text, or not at all where it says so
  depth_limit,
  parts_limit,
  header_bytes_limit,   // further fields are not told
  header_fields_limit,  // further fields are not told
  parameter_limit,      // further parameters of a Content-* field are not read
  text_limit,           // the rest of the part's text is not told
  uri_limit,            // further URIs are not told
  html_depth_limit,     // open elements beyond it have their parent's style
  count_,
};

inline constexpr std::size_t kAnomalies = static_cast<std::size_t>(Anomaly::count_);
static_assert(kAnomalies <= 64);

std::string_view anomaly_name(Anomaly anomaly) noexcept;  // "missing_mime_version"
std::span<const std::string_view> anomaly_names() noexcept;

class Anomalies {
 public:
  constexpr void add(Anomaly anomaly) noexcept { bits_ |= bit(anomaly); }
  constexpr void add(Anomalies others) noexcept { bits_ |= others.bits_; }
  constexpr bool has(Anomaly anomaly) const noexcept { return (bits_ & bit(anomaly)) != 0; }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  constexpr bool operator==(const Anomalies&) const = default;

  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (std::uint64_t rest = bits_; rest != 0; rest &= rest - 1)
      visit(static_cast<Anomaly>(__builtin_ctzll(rest)));
  }

 private:
  static constexpr std::uint64_t bit(Anomaly anomaly) noexcept {
    return std::uint64_t{1} << static_cast<unsigned>(anomaly);
  }
  std::uint64_t bits_ = 0;
};

}  // namespace sluice::scan::mime
