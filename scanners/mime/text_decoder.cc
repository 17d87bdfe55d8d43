#include "scanners/mime/text_decoder.h"

#include <algorithm>
#include <cstring>

namespace sluice::scan::mime {
namespace {

// Whether a line of a shifted charset is plain ASCII: no escape, no shift, no "+" of UTF-7.
bool is_unshifted(ByteView line) noexcept {
  return std::ranges::all_of(line, [](std::uint8_t octet) {
    return octet < 0x80 && octet != 0x1b && octet != 0x0e && octet != 0x0f && octet != '+';
  });
}

}  // namespace

void TextDecoder::begin(TransferEncoding encoding, Charset charset) noexcept {
  encoding_ = encoding;
  charset_ = charset;
  kind_ = kind_of(charset);
  begun_ = false;
  used_ = 0;
  invalid_ = 0;
  base64_.begin();
  quoted_printable_.begin();
}

void TextDecoder::feed(ByteView octets, Workspace& workspace, TextSink& sink) noexcept {
  if (encoding_ == TransferEncoding::identity) {
    take(octets, workspace, sink);
    return;
  }
  while (!octets.empty()) {
    const std::size_t size = encoding_ == TransferEncoding::base64
                                 ? base64_.decode(octets, workspace.decoded)
                                 : quoted_printable_.decode(octets, workspace.decoded);
    take({workspace.decoded.data(), size}, workspace, sink);
  }
}

void TextDecoder::finish(Workspace& workspace, TextSink& sink) noexcept {
  if (encoding_ == TransferEncoding::quoted_printable) {
    const std::size_t size = quoted_printable_.finish(workspace.decoded);
    take({workspace.decoded.data(), size}, workspace, sink);
  }
  if (encoding_ == TransferEncoding::base64) {
    const std::size_t size = base64_.finish(workspace.decoded);
    take({workspace.decoded.data(), size}, workspace, sink);
  }
  if (used_ > 0) convert_buffer(true, workspace, sink);
}

void TextDecoder::take(ByteView decoded, Workspace& workspace, TextSink& sink) noexcept {
  if (decoded.empty()) return;
  if (kind_ == CharsetKind::utf8)
    sink.text(decoded);
  else if (kind_ == CharsetKind::single)
    take_single(decoded, workspace, sink);
  else
    take_buffered(decoded, workspace, sink);
}

void TextDecoder::take_single(ByteView decoded, Workspace& workspace, TextSink& sink) noexcept {
  while (!decoded.empty()) {
    const auto done = workspace.charsets.convert(charset_, decoded, workspace.converted, false);
    sink.text({workspace.converted.data(), done.written});
    decoded = decoded.subspan(done.read);
  }
}

// The places where the text is cut depend on the text alone, never on the chunks it came in.
void TextDecoder::take_buffered(ByteView decoded, Workspace& workspace, TextSink& sink) noexcept {
  while (!decoded.empty()) {
    if (kind_ == CharsetKind::utf8) {  // given up on the way
      sink.text(decoded);
      return;
    }
    const ByteView window = decoded.first(std::min(decoded.size(), kConvertBytes - used_));
    std::size_t size = window.size();
    bool line_end = false;
    if (kind_ == CharsetKind::shifted) {
      const std::size_t newline = find_byte(window, '\n');
      line_end = newline < window.size();
      if (line_end) size = newline + 1;
    }
    std::memcpy(buffer_.data() + used_, window.data(), size);
    used_ = static_cast<std::uint16_t>(used_ + size);
    decoded = decoded.subspan(size);
    if (line_end || used_ == kConvertBytes)
      convert_buffer(kind_ == CharsetKind::shifted, workspace, sink);
  }
}

void TextDecoder::convert_buffer(bool final, Workspace& workspace, TextSink& sink) noexcept {
  if (kind_ == CharsetKind::wide && !begun_ && used_ >= 2 && buffer_[0] == 0xfe &&
      buffer_[1] == 0xff)
    charset_ = find_charset("utf-16be");  // the byte order mark decides
  begun_ = true;
  const ByteView in{buffer_.data(), used_};
  if (kind_ == CharsetKind::shifted && is_unshifted(in)) {
    sink.text(in);
    used_ = 0;
    return;
  }
  auto done = workspace.charsets.convert(charset_, in, workspace.converted, final);
  if (done.read == 0) done = workspace.charsets.convert(charset_, in, workspace.converted, true);
  sink.text({workspace.converted.data(), done.written});
  invalid_ += static_cast<std::uint32_t>(done.invalid);
  const ByteView kept = in.subspan(done.read);
  std::memmove(buffer_.data(), kept.data(), kept.size());
  used_ = static_cast<std::uint16_t>(kept.size());
  if (invalid_ <= kInvalidMax) return;
  kind_ = CharsetKind::utf8;
  sink.text({buffer_.data(), used_});
  used_ = 0;
}

}  // namespace sluice::scan::mime
