// What the header section of a message or part says about its body (RFC 2045, 2046, 2183, 2231).
// Broken values fall back to text/plain without an encoding, so that the octets are scanned anyway.
// Of repeated fields the last counts, as for SpamAssassin and GMime; of parameters the first.
#pragma once

#include <cstdint>
#include <string_view>

#include "scanners/mime/anomaly.h"
#include "scanners/mime/bounded_text.h"
#include "scanners/mime/message_sink.h"
#include "scanners/mime/parameter.h"

namespace sluice::scan::mime {

enum class MediaKind : std::uint8_t { text, multipart, message, other };

inline constexpr std::size_t kBoundaryBytes = 200;  // RFC 2046 allows 70
inline constexpr std::size_t kTypeBytes = 80;

struct Entity {
  MediaKind kind = MediaKind::text;
  TransferEncoding encoding = TransferEncoding::identity;
  bool digest = false;  // multipart/digest: its parts default to message/rfc822
  bool has_type = false;
  bool has_encoding = false;
  bool has_disposition = false;
  bool has_version = false;      // MIME-Version
  BoundedText<kTypeBytes> type;  // lower case, "text/plain" unless told otherwise
  BoundedText<16> disposition;   // lower case
  BoundedText<kBoundaryBytes> boundary;
  BoundedText<kCharsetBytes> charset;
  ParameterValue file_name;  // undecoded; of the disposition, else of the type
  Anomalies anomalies;

  static bool is_about_body(std::string_view field_name) noexcept;

  void reset(MediaKind default_kind) noexcept;
  // Takes note of the fields about the body; others are ignored.
  void note_field(std::string_view name, std::string_view value) noexcept;
  void end() noexcept;  // of the header section

 private:
  void parse_type(std::string_view value) noexcept;
  void parse_encoding(std::string_view value) noexcept;
  void parse_disposition(std::string_view value) noexcept;
  void set_type(std::string_view type, std::string_view subtype) noexcept;
  void set_boundary(ParameterSet& parameters) noexcept;
  void note_identity(std::string_view name) noexcept;

  std::uint8_t identity_seen_ = 0;  // bits by place in the list of such fields
};

}  // namespace sluice::scan::mime
