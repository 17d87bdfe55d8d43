// From the octets of one text part to UTF-8 that is always well-formed, as mail programs read it:
// what is labelled UTF-8 (or ASCII, or nothing) and is not is read as Windows-1252 where it is not;
// what is labelled otherwise and is UTF-8 is read as UTF-8. The state of a message is kept here
// (about 1.1 KiB); what is large or slow to make is in the core's workspace.
#pragma once

#include <array>
#include <cstdint>

#include "scanners/mime/anomaly.h"
#include "scanners/mime/charset.h"
#include "scanners/mime/workspace.h"

namespace sluice::scan::mime {

inline constexpr std::size_t kConvertBytes = 1'024;  // octets given to iconv at once
// Beyond that many broken sequences in a part its charset label is a lie: read as if it said UTF-8.
inline constexpr std::uint32_t kInvalidMax = 1'024;

class TextSink {
 public:
  virtual void text(ByteView utf8) noexcept = 0;

 protected:
  ~TextSink() = default;
};

class CharsetDecoder {
 public:
  void begin(std::string_view label) noexcept;
  void feed(ByteView octets, Workspace& workspace, TextSink& sink) noexcept;
  void finish(Workspace& workspace, TextSink& sink) noexcept;
  Anomalies anomalies() const noexcept { return anomalies_; }

 private:
  // Octets above 127 that are looked at to see whether a label other than UTF-8 lies.
  static constexpr std::size_t kProbeBytes = 64;

  void take_utf8(ByteView in, Workspace& workspace, TextSink& sink) noexcept;
  ByteView complete_kept(ByteView in, Workspace& workspace, TextSink& sink) noexcept;
  void tell_foreign(std::uint8_t octet, Workspace& workspace, TextSink& sink) noexcept;
  ByteView tell_mixed(ByteView in, Workspace& workspace, TextSink& sink) noexcept;
  ByteView probe(ByteView in, Workspace& workspace, TextSink& sink) noexcept;
  void judge_probe(Workspace& workspace, TextSink& sink) noexcept;
  void convert(ByteView in, Workspace& workspace, TextSink& sink) noexcept;
  void take_single(ByteView in, Workspace& workspace, TextSink& sink) noexcept;
  void take_buffered(ByteView in, Workspace& workspace, TextSink& sink) noexcept;
  void convert_buffer(bool final, Workspace& workspace, TextSink& sink) noexcept;
  void convert_line_begin(Workspace& workspace, TextSink& sink) noexcept;
  void choose_byte_order() noexcept;

  Charset charset_ = kUtf8;
  CharsetKind kind_ = CharsetKind::utf8;
  bool probing_ = false;
  bool begun_ = false;      // octets of a UTF-16 text have been converted
  std::uint16_t used_ = 0;  // of buffer_; for UTF-8 an incomplete sequence
  std::uint32_t invalid_ = 0;
  Anomalies anomalies_;
  std::array<std::uint8_t, kConvertBytes> buffer_;
};

}  // namespace sluice::scan::mime
