#include "scanners/mime/entity.h"

#include <array>

#include "engine/base/bytes.h"
#include "scanners/mime/parameter.h"

namespace sluice::scan::mime {
namespace {

// Documents that a mail program shows as text when their type says nothing.
constexpr std::array<std::string_view, 7> kTextSuffixes{".txt", ".htm",   ".html", ".shtml",
                                                        ".xht", ".xhtml", ".svg"};

bool ends_with_ignoring_case(std::string_view text, std::string_view suffix) noexcept {
  return text.size() >= suffix.size() &&
         equals_ignoring_case(text.substr(text.size() - suffix.size()), suffix);
}

MediaKind message_kind(std::string_view subtype) noexcept {
  const bool nested =
      equals_ignoring_case(subtype, "rfc822") || equals_ignoring_case(subtype, "global");
  return nested ? MediaKind::message : MediaKind::text;  // delivery-status and the like
}

MediaKind application_kind(std::string_view subtype) noexcept {
  return ends_with_ignoring_case(subtype, "xml") ? MediaKind::text : MediaKind::other;
}

}  // namespace

void Entity::reset(MediaKind default_kind) noexcept {
  kind = default_kind;
  encoding = TransferEncoding::identity;
  digest = has_type = has_encoding = opaque_ = text_name_ = false;
  boundary.clear();
  charset.clear();
}

void Entity::note_field(std::string_view name, std::string_view value) noexcept {
  if (equals_ignoring_case(name, "content-type")) {
    if (!has_type) parse_type(value);
  } else if (equals_ignoring_case(name, "content-transfer-encoding")) {
    if (!has_encoding) parse_encoding(value);
  } else if (equals_ignoring_case(name, "content-disposition")) {
    ParameterReader reader(value);
    reader.token();
    while (const auto parameter = reader.next())
      if (parameter->name.substr(0, 8).size() == 8 &&
          equals_ignoring_case(parameter->name.substr(0, 8), "filename"))
        note_file_name(parameter->value.view());
  }
}

void Entity::parse_type(std::string_view value) noexcept {
  has_type = true;
  ParameterReader reader(value);
  const std::string_view type = reader.token();
  const std::string_view subtype = reader.accept('/') ? reader.token() : std::string_view{};
  kind = MediaKind::other;
  if (subtype.empty() || equals_ignoring_case(type, "text"))
    kind = MediaKind::text;
  else if (equals_ignoring_case(type, "multipart"))
    kind = MediaKind::multipart;
  else if (equals_ignoring_case(type, "message"))
    kind = message_kind(subtype);
  else if (equals_ignoring_case(type, "application"))
    kind = application_kind(subtype);
  digest = kind == MediaKind::multipart && equals_ignoring_case(subtype, "digest");
  opaque_ = equals_ignoring_case(subtype, "octet-stream");
  while (const auto parameter = reader.next())
    note_parameter(parameter->name, parameter->value.view());
  // RFC 2046 5.1.1 demands a boundary; without one nothing can be told apart.
  if (kind == MediaKind::multipart && boundary.empty()) kind = MediaKind::text;
  if (opaque_ && text_name_) kind = MediaKind::text;
}

void Entity::note_parameter(std::string_view name, std::string_view value) noexcept {
  const std::size_t star = name.find('*');
  const std::string_view base = name.substr(0, star);
  const bool continued = star != name.npos;  // RFC 2231: name*0, name*1, … in the order they come
  if (equals_ignoring_case(base, "boundary")) {
    if (boundary.empty() || continued) boundary.append(value);
  } else if (equals_ignoring_case(base, "charset")) {
    if (continued) value = value.substr(value.rfind('\'') + 1);  // charset*=us-ascii'en'utf-8
    if (charset.empty()) charset.append(value);
  } else if (equals_ignoring_case(base, "name")) {
    note_file_name(value);
  }
}

void Entity::note_file_name(std::string_view name) noexcept {
  for (const std::string_view suffix : kTextSuffixes)
    text_name_ = text_name_ || ends_with_ignoring_case(name, suffix);
  if (opaque_ && text_name_) kind = MediaKind::text;
}

void Entity::parse_encoding(std::string_view value) noexcept {
  has_encoding = true;
  const std::string_view token = ParameterReader(value).token();
  if (equals_ignoring_case(token, "base64"))
    encoding = TransferEncoding::base64;
  else if (equals_ignoring_case(token, "quoted-printable"))
    encoding = TransferEncoding::quoted_printable;
}

}  // namespace sluice::scan::mime
