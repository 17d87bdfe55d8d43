#include "scanners/mime/base64.h"

#include <array>

namespace sluice::scan::mime {
namespace {

constexpr std::uint32_t kNone = 0x0100'0000;  // not of the alphabet; survives or-ing four values
constexpr std::uint32_t kPad = 0x0300'0000;

using Table = std::array<std::uint32_t, 256>;

constexpr Table make_table(int shift) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  Table table{};
  table.fill(kNone);
  for (std::uint32_t i = 0; i < 64; ++i)
    table[static_cast<std::uint8_t>(kAlphabet[i])] = i << shift;
  table['='] = kPad;
  return table;
}

constexpr Table kFirst = make_table(18);
constexpr Table kSecond = make_table(12);
constexpr Table kThird = make_table(6);
constexpr Table kFourth = make_table(0);

}  // namespace

std::size_t Base64Decoder::decode(ByteView& in, MutableBytes out) noexcept {
  const std::uint8_t* from = in.data();
  const std::uint8_t* const end = from + in.size();
  std::uint8_t* to = out.data();
  const std::uint8_t* const limit = to + out.size() - 3;  // room for a whole group
  while (from < end && to < limit) {
    if (count_ == 0 && end - from >= 4) {
      const std::uint32_t group =
          kFirst[from[0]] | kSecond[from[1]] | kThird[from[2]] | kFourth[from[3]];
      if (group < kNone) [[likely]] {
        to[0] = static_cast<std::uint8_t>(group >> 16);
        to[1] = static_cast<std::uint8_t>(group >> 8);
        to[2] = static_cast<std::uint8_t>(group);
        to += 3;
        from += 4;
        continue;
      }
    }
    const std::uint32_t symbol = kFourth[*from++];
    if (symbol == kPad) {
      if (count_ >= 2) *to++ = static_cast<std::uint8_t>(bits_ >> (count_ * 6 - 8));
      if (count_ == 3) *to++ = static_cast<std::uint8_t>(bits_ >> 2);
      bits_ = count_ = 0;
    } else if (symbol != kNone) {
      bits_ = (bits_ << 6) | symbol;
      if (++count_ < 4) continue;
      *to++ = static_cast<std::uint8_t>(bits_ >> 16);
      *to++ = static_cast<std::uint8_t>(bits_ >> 8);
      *to++ = static_cast<std::uint8_t>(bits_);
      bits_ = count_ = 0;
    }
  }
  in = {from, static_cast<std::size_t>(end - from)};
  return static_cast<std::size_t>(to - out.data());
}

}  // namespace sluice::scan::mime
