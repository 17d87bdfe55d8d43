#include "scanners/mime/quoted_printable.h"

#include <algorithm>
#include <cstring>

#include "scanners/mime/hex.h"

namespace sluice::scan::mime {
namespace {

// Octets of the escape ("=41", or "=" and CRLF) that `in` begins with, what it stands for written;
// 0 when it is rare, broken or cut.
std::size_t whole_escape(ByteView in, std::uint8_t* to) noexcept {
  if (in.size() < 3) return 0;
  if (in[1] == '\r' && in[2] == '\n') return 3;
  const int high = hex_value(in[1]);
  const int low = hex_value(in[2]);
  if (high < 0 || low < 0) return 0;
  *to = static_cast<std::uint8_t>(high * 16 + low);
  return 3;
}

}  // namespace

std::size_t QuotedPrintableDecoder::decode(ByteView& in, MutableBytes out) noexcept {
  std::size_t written = 0;
  while (!in.empty() && out.size() - written >= 4) {
    if (state_ != State::literal) {
      written += step(in.front(), out.data() + written);
      in = in.subspan(1);
      continue;
    }
    const ByteView window = in.first(std::min(in.size(), out.size() - written));
    const std::size_t literal = find_byte(window, '=');
    std::memcpy(out.data() + written, window.data(), literal);
    written += literal;
    in = in.subspan(literal);
    if (literal == window.size()) continue;
    if (const std::size_t size = whole_escape(in, out.data() + written); size > 0) {
      written += in[1] == '\r' ? 0 : 1;
      in = in.subspan(size);
      continue;
    }
    state_ = State::equals;
    in = in.subspan(1);
  }
  return written;
}

// One octet behind "=".
std::size_t QuotedPrintableDecoder::step(std::uint8_t octet, std::uint8_t* to) noexcept {
  const State before = state_;
  const int value = hex_value(octet);
  state_ = State::literal;
  if (before == State::first_digit && value >= 0) {
    *to = static_cast<std::uint8_t>(hex_value(digit_) * 16 + value);
    return 1;
  }
  if (before == State::equals && value >= 0) {
    digit_ = octet;
    state_ = State::first_digit;
    return 0;
  }
  if (before != State::first_digit) {  // a soft line break, perhaps padded
    if (octet == '\n') return 0;
    if (octet == '\r' || octet == ' ' || octet == '\t') {
      state_ = State::soft_break;
      return 0;
    }
  }
  anomalies_.add(Anomaly::quoted_printable_broken);
  std::size_t written = 0;
  to[written++] = '=';
  if (before == State::first_digit) to[written++] = digit_;
  if (octet == '=')
    state_ = State::equals;
  else
    to[written++] = octet;
  return written;
}

std::size_t QuotedPrintableDecoder::finish(MutableBytes out) noexcept {
  const State before = state_;
  state_ = State::literal;
  if (before == State::literal || before == State::soft_break) return 0;
  anomalies_.add(Anomaly::quoted_printable_broken);
  out[0] = '=';
  if (before == State::equals) return 1;
  out[1] = digit_;
  return 2;
}

}  // namespace sluice::scan::mime
