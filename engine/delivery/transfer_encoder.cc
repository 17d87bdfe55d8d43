#include "engine/delivery/transfer_encoder.h"

namespace sluice::delivery {
namespace {

constexpr std::size_t kLineMax = 76;

std::string encoded(char c) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto octet = static_cast<unsigned char>(c);
  return {'=', kHex[octet >> 4], kHex[octet & 15]};
}

}  // namespace

void QuotedPrintableEncoder::put(std::string_view token, std::string& out) {
  if (column_ + token.size() >= kLineMax) {  // the last column is for "="
    out += "=\r\n";
    column_ = 0;
  }
  out += token;
  column_ += token.size();
}

void QuotedPrintableEncoder::put_held(bool at_end, std::string& out) {
  if (held_ == 0) return;
  if (at_end)
    put(encoded(held_), out);
  else
    put({&held_, 1}, out);
  held_ = 0;
}

void QuotedPrintableEncoder::text(std::string_view piece, std::string& out) {
  for (const char c : piece) {
    put_held(false, out);
    if (c == ' ' || c == '\t')
      held_ = c;
    else if (c < '!' || c > '~' || c == '=')
      put(encoded(c), out);
    else
      put({&c, 1}, out);
  }
}

void QuotedPrintableEncoder::line_end(std::string& out) {
  put_held(true, out);
  out += "\r\n";
  column_ = 0;
}

void QuotedPrintableEncoder::finish(std::string& out) {
  put_held(true, out);
  if (column_ > 0) out += "=\r\n";
  column_ = 0;
}

void Base64Encoder::put_group(std::string& out) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  unsigned bits = 0;
  for (std::size_t i = 0; i < 3; ++i)
    bits = bits << 8 | (i < group_.size() ? static_cast<unsigned char>(group_[i]) : 0U);
  for (std::size_t i = 0; i < 4; ++i)
    out += i <= group_.size() ? kAlphabet[bits >> (18 - 6 * i) & 63] : '=';
  group_.clear();
  column_ += 4;
  if (column_ < kLineMax) return;
  out += "\r\n";
  column_ = 0;
}

void Base64Encoder::octets(std::string_view piece, std::string& out) {
  for (const char c : piece) {
    group_ += c;
    if (group_.size() == 3) put_group(out);
  }
}

void Base64Encoder::finish(std::string& out) {
  if (!group_.empty()) put_group(out);
  if (column_ > 0) out += "\r\n";
  column_ = 0;
}

}  // namespace sluice::delivery
