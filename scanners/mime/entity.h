// What the header section of a message or part says about its body (RFC 2045, 2046, 2183, 2231).
// Broken values fall back to text/plain without an encoding, so that the octets are scanned anyway.
#pragma once

#include <cstdint>
#include <string_view>

#include "scanners/mime/bounded_text.h"
#include "scanners/mime/message_sink.h"

namespace sluice::scan::mime {

enum class MediaKind : std::uint8_t { text, multipart, message, other };

inline constexpr std::size_t kBoundaryBytes = 200;  // RFC 2046 allows 70
inline constexpr std::size_t kCharsetBytes = 40;

struct Entity {
  MediaKind kind = MediaKind::text;
  TransferEncoding encoding = TransferEncoding::identity;
  bool digest = false;    // multipart/digest: its parts default to message/rfc822
  bool has_type = false;  // the first field of a name counts, repeats are ignored
  bool has_encoding = false;
  BoundedText<kBoundaryBytes> boundary;
  BoundedText<kCharsetBytes> charset;

  void reset(MediaKind default_kind) noexcept;
  // Takes note of Content-Type, Content-Transfer-Encoding and Content-Disposition; others are
  // ignored.
  void note_field(std::string_view name, std::string_view value) noexcept;

 private:
  void parse_type(std::string_view value) noexcept;
  void parse_encoding(std::string_view value) noexcept;
  void note_parameter(std::string_view name, std::string_view value) noexcept;
  void note_file_name(std::string_view name) noexcept;

  bool opaque_ = false;     // a generic type whose file name decides
  bool text_name_ = false;  // the file name is that of a text document
};

}  // namespace sluice::scan::mime
