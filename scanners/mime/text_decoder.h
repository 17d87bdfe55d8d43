// From the encoded octets of one text part to UTF-8: transfer encoding, then charset. The state of
// a message is kept here (about 1.1 KiB); what is large or slow to make is in the core's workspace.
#pragma once

#include <array>
#include <cstdint>

#include "scanners/mime/base64.h"
#include "scanners/mime/charset.h"
#include "scanners/mime/entity.h"
#include "scanners/mime/field_reader.h"
#include "scanners/mime/quoted_printable.h"

namespace sluice::scan::mime {

inline constexpr std::size_t kConvertBytes = 1'024;  // octets given to iconv at once
// Beyond that many broken sequences in a part its charset label is a lie: the octets pass as they
// are.
inline constexpr std::uint32_t kInvalidMax = 1'024;
// UTF-8 of one field piece: three octets for each at most.
inline constexpr std::size_t kFieldTextBytes = 3 * kFieldPieceBytes + 64;

// Scratch memory of one core; its contents do not outlive a call.
struct Workspace {
  CharsetTools charsets;
  std::array<std::uint8_t, kFieldPieceBytes> decoded;
  std::array<std::uint8_t, kFieldTextBytes> converted;
};

class TextSink {
 public:
  virtual void text(ByteView utf8) noexcept = 0;

 protected:
  ~TextSink() = default;
};

class TextDecoder {
 public:
  void begin(TransferEncoding encoding, Charset charset) noexcept;
  void feed(ByteView octets, Workspace& workspace, TextSink& sink) noexcept;
  void finish(Workspace& workspace, TextSink& sink) noexcept;

 private:
  void take(ByteView decoded, Workspace& workspace, TextSink& sink) noexcept;
  void take_single(ByteView decoded, Workspace& workspace, TextSink& sink) noexcept;
  void take_buffered(ByteView decoded, Workspace& workspace, TextSink& sink) noexcept;
  void convert_buffer(bool final, Workspace& workspace, TextSink& sink) noexcept;

  TransferEncoding encoding_ = TransferEncoding::identity;
  Charset charset_ = kUtf8;
  CharsetKind kind_ = CharsetKind::utf8;
  bool begun_ = false;  // octets of a UTF-16 text have been converted
  std::uint16_t used_ = 0;
  std::uint32_t invalid_ = 0;
  Base64Decoder base64_;
  QuotedPrintableDecoder quoted_printable_;
  std::array<std::uint8_t, kConvertBytes> buffer_;
};

}  // namespace sluice::scan::mime
