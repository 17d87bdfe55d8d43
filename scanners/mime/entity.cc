#include "scanners/mime/entity.h"

#include <algorithm>
#include <array>

#include "engine/base/bytes.h"
#include "scanners/mime/octet_search.h"

namespace sluice::scan::mime {
namespace {

// Documents that a mail program shows as text when their type says nothing.
constexpr std::array<std::string_view, 7> kTextSuffixes{".txt", ".htm",   ".html", ".shtml",
                                                        ".xht", ".xhtml", ".svg"};
// Of these a message has one (RFC 5322 3.6).
constexpr std::array<std::string_view, 5> kIdentityFields{"from", "subject", "date", "message-id",
                                                          "mime-version"};

bool ends_with_ignoring_case(std::string_view text, std::string_view suffix) noexcept {
  return text.size() >= suffix.size() &&
         equals_ignoring_case(text.substr(text.size() - suffix.size()), suffix);
}

bool is_text_name(std::string_view name) noexcept {
  return std::ranges::any_of(kTextSuffixes, [&](std::string_view suffix) {
    return ends_with_ignoring_case(name, suffix);
  });
}

template <std::size_t Capacity>
void append_lower(std::string_view text, BoundedText<Capacity>& out) noexcept {
  for (const char c : text) {
    const char lower = ascii_lower(c);
    out.append({&lower, 1});
  }
}

// RFC 2046 5.1.1 bchars.
bool is_boundary_octet(char c) noexcept {
  return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
         std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
}

MediaKind kind_of_type(std::string_view type, std::string_view subtype) noexcept {
  if (type == "text") return MediaKind::text;
  if (type == "multipart") return MediaKind::multipart;
  if (type == "message")  // delivery-status and the like are text
    return subtype == "rfc822" || subtype == "global" ? MediaKind::message : MediaKind::text;
  if (type == "application" && subtype.ends_with("xml")) return MediaKind::text;
  return MediaKind::other;
}

}  // namespace

void Entity::reset(MediaKind default_kind) noexcept {
  kind = default_kind;
  encoding = TransferEncoding::identity;
  digest = has_type = has_encoding = has_disposition = has_version = false;
  type.assign(default_kind == MediaKind::message ? "message/rfc822" : "text/plain");
  disposition.clear();
  boundary.clear();
  charset.clear();
  file_name.text.clear();
  file_name.charset.clear();
  anomalies = {};
  identity_seen_ = 0;
}

bool Entity::is_about_body(std::string_view field_name) noexcept {
  return equals_ignoring_case(field_name, "content-type") ||
         equals_ignoring_case(field_name, "content-transfer-encoding") ||
         equals_ignoring_case(field_name, "content-disposition");
}

void Entity::note_field(std::string_view name, std::string_view value) noexcept {
  if (equals_ignoring_case(name, "content-type"))
    parse_type(value);
  else if (equals_ignoring_case(name, "content-transfer-encoding"))
    parse_encoding(value);
  else if (equals_ignoring_case(name, "content-disposition"))
    parse_disposition(value);
  else
    note_identity(name);
}

void Entity::note_identity(std::string_view name) noexcept {
  if (name.size() < 4 || name.size() > 12) return;
  for (std::size_t i = 0; i < kIdentityFields.size(); ++i) {
    if (!equals_ignoring_case(name, kIdentityFields[i])) continue;
    if ((identity_seen_ >> i & 1) != 0) anomalies.add(Anomaly::duplicate_identity);
    identity_seen_ = static_cast<std::uint8_t>(identity_seen_ | 1U << i);
    has_version = has_version || i == 4;
  }
}

void Entity::parse_type(std::string_view value) noexcept {
  if (has_type) anomalies.add(Anomaly::duplicate_content_type);
  has_type = true;
  boundary.clear();
  charset.clear();
  ParameterReader reader(value);
  const std::string_view major = reader.token();
  const std::string_view minor = reader.accept('/') ? reader.token() : std::string_view{};
  set_type(major, minor);
  ParameterSet parameters(reader);
  if (kind == MediaKind::multipart) set_boundary(parameters);
  if (const auto found = parameters.find("charset")) charset.assign(found->text.view());
  if (const auto name = parameters.find("name", ValueEnd::semicolon);
      name && file_name.text.empty())
    file_name = *name;
  anomalies.add(parameters.anomalies());
}

void Entity::set_type(std::string_view major, std::string_view minor) noexcept {
  if (major.empty() || minor.empty()) {
    anomalies.add(Anomaly::broken_type);
    kind = MediaKind::text;
    type.assign("text/plain");
    return;
  }
  static constexpr OctetSet kNotOfTokens = octets_of("()<>@,:\\[]?");  // RFC 2045 5.1
  if (size_before(kNotOfTokens, major) < major.size() ||
      size_before(kNotOfTokens, minor) < minor.size())
    anomalies.add(Anomaly::broken_type);
  type.clear();
  append_lower(major, type);
  type.append("/");
  append_lower(minor, type);
  const std::string_view whole = type.view();
  const std::size_t slash = std::min(whole.find('/'), whole.size() - 1);
  const std::string_view subtype = whole.substr(slash + 1);
  kind = kind_of_type(whole.substr(0, slash), subtype);
  digest = kind == MediaKind::multipart && subtype == "digest";
  if (whole == "message/external-body") anomalies.add(Anomaly::external_body);
  if (whole == "message/partial") anomalies.add(Anomaly::partial_message);
  if (whole == "application/ms-tnef" || whole == "application/vnd.ms-tnef")
    anomalies.add(Anomaly::tnef);
}

// RFC 2046 5.1.1 demands a boundary; without one nothing can be told apart.
void Entity::set_boundary(ParameterSet& parameters) noexcept {
  const auto found = parameters.find("boundary", ValueEnd::space);
  if (!found || found->text.empty()) {
    anomalies.add(found ? Anomaly::boundary_empty : Anomaly::boundary_missing);
    return;
  }
  boundary.assign(found->text.view());
  if (boundary.view().size() > 70) anomalies.add(Anomaly::boundary_long);
  if (!std::ranges::all_of(boundary.view(), is_boundary_octet) || boundary.view().ends_with(' '))
    anomalies.add(Anomaly::boundary_strange);
}

void Entity::parse_encoding(std::string_view value) noexcept {
  if (has_encoding) anomalies.add(Anomaly::duplicate_encoding);
  has_encoding = true;
  encoding = TransferEncoding::identity;
  ParameterReader reader(value);
  const std::string_view token = reader.token();
  if (!reader.at_end()) anomalies.add(Anomaly::broken_parameter);
  anomalies.add(reader.anomalies());
  if (equals_ignoring_case(token, "base64"))
    encoding = TransferEncoding::base64;
  else if (equals_ignoring_case(token, "quoted-printable"))
    encoding = TransferEncoding::quoted_printable;
  else if (equals_ignoring_case(token, "x-uuencode") || equals_ignoring_case(token, "x-uue") ||
           equals_ignoring_case(token, "uuencode"))
    encoding = TransferEncoding::uuencode;
  else if (!equals_ignoring_case(token, "7bit") && !equals_ignoring_case(token, "8bit") &&
           !equals_ignoring_case(token, "binary"))
    anomalies.add(Anomaly::unknown_encoding);
}

void Entity::parse_disposition(std::string_view value) noexcept {
  if (has_disposition) anomalies.add(Anomaly::duplicate_disposition);
  has_disposition = true;
  disposition.clear();
  ParameterReader reader(value);
  append_lower(reader.token(), disposition);
  ParameterSet parameters(reader);
  if (const auto name = parameters.find("filename", ValueEnd::semicolon)) file_name = *name;
  anomalies.add(parameters.anomalies());
}

void Entity::end() noexcept {
  if (type.view() == "application/octet-stream" && is_text_name(file_name.text.view()))
    kind = MediaKind::text;
  const bool composite = kind == MediaKind::multipart || kind == MediaKind::message;
  if (composite && encoding != TransferEncoding::identity) {
    anomalies.add(Anomaly::encoded_composite);
    if (kind == MediaKind::multipart) encoding = TransferEncoding::identity;
  }
}

}  // namespace sluice::scan::mime
