#include "scanners/mime/charset_decoder.h"

#include <algorithm>
#include <cstring>

#include "scanners/mime/charset_names.h"
#include "scanners/mime/shift_state.h"
#include "scanners/mime/utf8_sequence.h"

namespace sluice::scan::mime {
namespace {

// Whether a line of a shifted charset is plain ASCII: no escape, no shift, no "+" of UTF-7.
bool is_unshifted(ByteView line) noexcept {
  return std::ranges::all_of(line, [](std::uint8_t octet) {
    return octet < 0x80 && octet != 0x1b && octet != 0x0e && octet != 0x0f && octet != '+';
  });
}

// Sequences of UTF-8 in `in`, 0 when there is anything else above 127.
std::size_t count_utf8(ByteView in) noexcept {
  std::size_t found = 0;
  while (!in.empty()) {
    const int size = utf8_sequence(in);
    if (size == kIncomplete) break;
    if (size == 0) return 0;
    if (size > 1) ++found;
    in = in.subspan(static_cast<std::size_t>(size));
  }
  return found;
}

}  // namespace

void CharsetDecoder::begin(std::string_view label) noexcept {
  anomalies_ = {};
  const auto known = find_charset(label);
  if (!known) anomalies_.add(Anomaly::unknown_charset);
  charset_ = known.value_or(kUtf8);
  kind_ = kind_of(charset_);
  probing_ = kind_ == CharsetKind::single || kind_ == CharsetKind::multiple;
  begun_ = false;
  used_ = 0;
  invalid_ = 0;
}

void CharsetDecoder::feed(ByteView octets, Workspace& workspace, TextSink& sink) noexcept {
  if (probing_) octets = probe(octets, workspace, sink);
  convert(octets, workspace, sink);
}

void CharsetDecoder::convert(ByteView in, Workspace& workspace, TextSink& sink) noexcept {
  if (in.empty()) return;
  if (kind_ == CharsetKind::utf8)
    take_utf8(in, workspace, sink);
  else if (kind_ == CharsetKind::single)
    take_single(in, workspace, sink);
  else
    take_buffered(in, workspace, sink);
}

void CharsetDecoder::finish(Workspace& workspace, TextSink& sink) noexcept {
  if (probing_) judge_probe(workspace, sink);
  if (kind_ == CharsetKind::utf8) {
    for (std::size_t i = 0; i < used_; ++i) tell_foreign(buffer_[i], workspace, sink);
  } else if (used_ > 0) {
    convert_buffer(true, workspace, sink);
  }
  used_ = 0;
}

// ASCII passes; from the first other octet on some are gathered and judged. The places depend on
// the text alone, never on the chunks it came in.
ByteView CharsetDecoder::probe(ByteView in, Workspace& workspace, TextSink& sink) noexcept {
  if (used_ == 0) {
    const std::size_t ascii = ascii_prefix(in);
    if (ascii > 0) sink.text(in.first(ascii));
    in = in.subspan(ascii);
  }
  const std::size_t size = std::min(in.size(), kProbeBytes - used_);
  if (size > 0) std::memcpy(buffer_.data() + used_, in.data(), size);
  used_ = static_cast<std::uint16_t>(used_ + size);
  if (used_ == kProbeBytes) judge_probe(workspace, sink);
  return in.subspan(size);
}

void CharsetDecoder::judge_probe(Workspace& workspace, TextSink& sink) noexcept {
  probing_ = false;
  std::array<std::uint8_t, kProbeBytes> gathered;
  const ByteView all{gathered.data(), used_};
  std::memcpy(gathered.data(), buffer_.data(), used_);
  used_ = 0;
  // One sequence is enough against a label that almost all programs put on by default.
  const std::size_t enough = charset_ == kWestern ? 1 : 2;
  if (count_utf8(all) >= enough) {
    kind_ = CharsetKind::utf8;
    anomalies_.add(Anomaly::charset_mismatch);
  }
  convert(all, workspace, sink);
}

void CharsetDecoder::take_utf8(ByteView in, Workspace& workspace, TextSink& sink) noexcept {
  if (used_ > 0) in = complete_kept(in, workspace, sink);
  std::size_t at = 0;
  while (at < in.size()) {
    at += ascii_prefix(in.subspan(at));
    if (at == in.size()) break;
    const int size = utf8_sequence(in.subspan(at));
    if (size > 0) {
      at += static_cast<std::size_t>(size);
      continue;
    }
    if (at > 0) sink.text(in.first(at));
    in = in.subspan(at);
    at = 0;
    if (size == kIncomplete) {
      std::memcpy(buffer_.data(), in.data(), in.size());
      used_ = static_cast<std::uint16_t>(in.size());
      return;
    }
    in = tell_mixed(in, workspace, sink);
  }
  if (!in.empty()) sink.text(in);
}

// Of a text that begins with an octet that is not UTF-8: many such come together, and each told by
// itself would cost as much as a line. Returns what is behind what was told.
ByteView CharsetDecoder::tell_mixed(ByteView in, Workspace& workspace, TextSink& sink) noexcept {
  constexpr std::size_t kAsciiRun = 256;  // is better told from where it lies
  const MutableBytes room = workspace.converted;
  std::size_t written = 0;
  anomalies_.add(Anomaly::charset_mismatch);
  while (!in.empty() && room.size() - written >= kAsciiRun) {
    std::size_t size = ascii_prefix(in);
    if (size >= kAsciiRun) break;
    if (size == 0) {
      const int sequence = utf8_sequence(in);
      if (sequence == kIncomplete) break;
      size = static_cast<std::size_t>(sequence);
    }
    if (size == 0) {
      written +=
          workspace.charsets.convert(kWestern, in.first(1), room.subspan(written), true).written;
      size = 1;
    } else {
      std::memcpy(room.data() + written, in.data(), size);
      written += size;
    }
    in = in.subspan(size);
  }
  sink.text(room.first(written));
  return in;
}

// Octets of a sequence that the last chunk ended in.
ByteView CharsetDecoder::complete_kept(ByteView in, Workspace& workspace, TextSink& sink) noexcept {
  while (used_ > 0 && !in.empty()) {
    buffer_[used_] = in.front();
    const ByteView kept{buffer_.data(), used_ + std::size_t{1}};
    const int size = utf8_sequence(kept);
    if (size == 0) {  // the first octet alone is judged, the others are looked at again
      tell_foreign(buffer_[0], workspace, sink);
      std::memmove(buffer_.data(), buffer_.data() + 1, --used_);
      if (used_ > 0 && utf8_sequence({buffer_.data(), used_}) != kIncomplete) {
        for (std::size_t i = 0; i < used_; ++i) tell_foreign(buffer_[i], workspace, sink);
        used_ = 0;
      }
      continue;
    }
    in = in.subspan(1);
    ++used_;
    if (size == kIncomplete) continue;
    sink.text(kept);
    used_ = 0;
  }
  return in;
}

void CharsetDecoder::tell_foreign(std::uint8_t octet, Workspace& workspace,
                                  TextSink& sink) noexcept {
  anomalies_.add(Anomaly::charset_mismatch);
  std::array<std::uint8_t, 16> utf8;
  const auto done = workspace.charsets.convert(kWestern, {&octet, 1}, utf8, true);
  sink.text({utf8.data(), done.written});
}

void CharsetDecoder::take_single(ByteView in, Workspace& workspace, TextSink& sink) noexcept {
  while (!in.empty()) {
    const auto done = workspace.charsets.convert(charset_, in, workspace.converted, false);
    sink.text({workspace.converted.data(), done.written});
    in = in.subspan(done.read);
  }
}

// The places where the text is cut depend on the text alone, never on the chunks it came in.
void CharsetDecoder::take_buffered(ByteView in, Workspace& workspace, TextSink& sink) noexcept {
  while (!in.empty()) {
    if (kind_ == CharsetKind::utf8) {  // given up on the way
      take_utf8(in, workspace, sink);
      return;
    }
    const ByteView window = in.first(std::min(in.size(), kConvertBytes - used_));
    std::size_t size = window.size();
    bool line_end = false;
    if (kind_ == CharsetKind::shifted) {
      const std::size_t newline = find_byte(window, '\n');
      line_end = newline < window.size();
      if (line_end) size = newline + 1;
    }
    std::memcpy(buffer_.data() + used_, window.data(), size);
    used_ = static_cast<std::uint16_t>(used_ + size);
    in = in.subspan(size);
    if (line_end)
      convert_buffer(true, workspace, sink);
    else if (used_ == kConvertBytes && kind_ == CharsetKind::shifted)
      convert_line_begin(workspace, sink);
    else if (used_ == kConvertBytes)
      convert_buffer(false, workspace, sink);
  }
}

// A line goes on behind the buffer in the shift state that it has there.
void CharsetDecoder::convert_line_begin(Workspace& workspace, TextSink& sink) noexcept {
  std::array<std::uint8_t, kConvertBytes> line = buffer_;
  const ShiftCut cut = last_shift_cut(charset_, line);
  const ByteView shift = as_bytes(cut.shift.view());
  const ByteView rest = ByteView(line).subspan(cut.size);
  const bool shorter = shift.size() + rest.size() < kConvertBytes / 2;
  if (shorter) used_ = static_cast<std::uint16_t>(cut.size);
  convert_buffer(true, workspace, sink);
  if (!shorter) return;
  if (kind_ == CharsetKind::utf8) {  // given up
    take_utf8(rest, workspace, sink);
    return;
  }
  std::ranges::copy(shift, buffer_.begin());
  std::ranges::copy(rest, buffer_.begin() + static_cast<std::ptrdiff_t>(shift.size()));
  used_ = static_cast<std::uint16_t>(shift.size() + rest.size());
}

// The byte order mark decides; without one, on which side the zeros of ASCII are.
void CharsetDecoder::choose_byte_order() noexcept {
  if (used_ < 2) return;
  std::size_t zeros[2] = {0, 0};
  for (std::size_t i = 0; i < used_; ++i) zeros[i % 2] += buffer_[i] == 0 ? 1 : 0;
  const bool marked_big = buffer_[0] == 0xfe && buffer_[1] == 0xff;
  const bool marked_little = buffer_[0] == 0xff && buffer_[1] == 0xfe;
  if (marked_big || (!marked_little && zeros[0] > zeros[1]))
    charset_ = kUtf16Big;
  else if (marked_little || zeros[1] > zeros[0])
    charset_ = kUtf16Little;
}

void CharsetDecoder::convert_buffer(bool final, Workspace& workspace, TextSink& sink) noexcept {
  if (kind_ == CharsetKind::wide && !begun_) choose_byte_order();
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
  if (done.invalid > 0) anomalies_.add(Anomaly::charset_mismatch);
  const ByteView kept = in.subspan(done.read);
  std::memmove(buffer_.data(), kept.data(), kept.size());
  used_ = static_cast<std::uint16_t>(kept.size());
  if (invalid_ <= kInvalidMax) return;
  kind_ = CharsetKind::utf8;
  std::array<std::uint8_t, kConvertBytes> rest;
  std::memcpy(rest.data(), buffer_.data(), used_);
  const ByteView again{rest.data(), used_};
  used_ = 0;
  take_utf8(again, workspace, sink);
}

}  // namespace sluice::scan::mime
