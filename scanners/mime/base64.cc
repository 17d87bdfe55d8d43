#include "scanners/mime/base64.h"

#include <algorithm>
#include <array>

#include "scanners/mime/base64_kernels_x86.h"
#include "scanners/mime/base64_table.h"

namespace sluice::scan::mime {
namespace {

constexpr std::size_t kStageSymbols = 2'048;
constexpr std::size_t kBlockMax = 64;

constexpr Base64Kernel kPortable{"portable", SIZE_MAX, nullptr, nullptr};

struct Kernels {
  std::array<const Base64Kernel*, 3> usable{};
  std::size_t size = 0;

  Kernels() noexcept {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
        __builtin_cpu_supports("avx512vbmi2"))
      usable[size++] = &kBase64Avx512;
    if (__builtin_cpu_supports("avx2")) usable[size++] = &kBase64Avx2;
#endif
    usable[size++] = &kPortable;
  }
};

}  // namespace

std::span<const Base64Kernel* const> base64_kernels() noexcept {
  static const Kernels kernels;
  return {kernels.usable.data(), kernels.size};
}

void Base64Decoder::begin() noexcept {
  bits_ = count_ = 0;
  padded_ = false;
  anomalies_ = {};
}

std::size_t Base64Decoder::decode(ByteView& in, MutableBytes out) noexcept {
  std::size_t written = 0;
  while (!in.empty() && out.size() - written >= 4) {
    const MutableBytes room = out.subspan(written);
    if (in.size() < kernel_->block || room.size() < kernel_->block) {
      written += decode_octets(in, room);
      continue;
    }
    const std::size_t before = in.size();
    written += decode_blocks(in, room);
    if (in.size() < before) continue;
    ByteView block = in.first(kernel_->block);  // with a "=" in it
    written += decode_octets(block, room);
    in = in.subspan(kernel_->block - block.size());
  }
  return written;
}

// As many whole blocks as the stage and `out` have room for.
std::size_t Base64Decoder::decode_blocks(ByteView& in, MutableBytes out) noexcept {
  alignas(64) std::array<std::uint8_t, kStageSymbols + 3 + 2 * kBlockMax> symbols;
  for (std::uint32_t i = 0; i < count_; ++i)
    symbols[i] = static_cast<std::uint8_t>(bits_ >> (6 * (count_ - 1 - i)) & 63);
  const std::size_t room = out.size() / 3 * 4 - count_;
  const Base64Strip done = kernel_->strip(in.data(), std::min({in.size(), kStageSymbols, room}),
                                          symbols.data() + count_);
  in = in.subspan(done.read);
  if (done.foreign) anomalies_.add(Anomaly::base64_foreign);
  if (padded_ && done.symbols > 0) anomalies_.add(Anomaly::base64_inner_padding);
  const std::size_t total = count_ + done.symbols;
  const std::size_t whole = total / 4 * 4;
  kernel_->pack(symbols.data(), whole, out.data());
  bits_ = 0;
  for (std::size_t i = whole; i < total; ++i) bits_ = bits_ << 6 | symbols[i];
  count_ = static_cast<std::uint32_t>(total - whole);
  return whole / 4 * 3;
}

std::size_t Base64Decoder::decode_octets(ByteView& in, MutableBytes out) noexcept {
  const std::uint8_t* from = in.data();
  const std::uint8_t* const end = from + in.size();
  std::uint8_t* to = out.data();
  const std::uint8_t* const limit = to + out.size() - 3;  // room for a whole group
  while (from < end && to < limit) {
    if (count_ == 0 && !padded_ && end - from >= 4) {
      const std::uint8_t values[] = {kBase64Values[from[0]], kBase64Values[from[1]],
                                     kBase64Values[from[2]], kBase64Values[from[3]]};
      if ((values[0] | values[1] | values[2] | values[3]) < 64) [[likely]] {
        bits_ = static_cast<std::uint32_t>(values[0] << 18 | values[1] << 12 | values[2] << 6 |
                                           values[3]);
        to += end_group(to);
        from += 4;
        continue;
      }
    }
    const std::uint8_t value = kBase64Values[*from++];
    if (value < 64) [[likely]] {
      if (padded_) anomalies_.add(Anomaly::base64_inner_padding);
      bits_ = bits_ << 6 | value;
      if (++count_ == 4) to += end_group(to);
    } else if (value == kBase64Pad) {
      to += pad(to);
    } else if (value == kBase64Foreign) {
      anomalies_.add(Anomaly::base64_foreign);
    }
  }
  in = {from, static_cast<std::size_t>(end - from)};
  return static_cast<std::size_t>(to - out.data());
}

std::size_t Base64Decoder::end_group(std::uint8_t* to) noexcept {
  to[0] = static_cast<std::uint8_t>(bits_ >> 16);
  to[1] = static_cast<std::uint8_t>(bits_ >> 8);
  to[2] = static_cast<std::uint8_t>(bits_);
  bits_ = count_ = 0;
  return 3;
}

// What the symbols of an unfinished group say: 2 give an octet, 3 give two, 1 gives none.
std::size_t Base64Decoder::pad(std::uint8_t* to) noexcept {
  std::size_t written = 0;
  if (count_ >= 2) to[written++] = static_cast<std::uint8_t>(bits_ >> (count_ * 6 - 8));
  if (count_ == 3) to[written++] = static_cast<std::uint8_t>(bits_ >> 2);
  bits_ = count_ = 0;
  padded_ = true;
  return written;
}

std::size_t Base64Decoder::finish(MutableBytes out) noexcept {
  if (count_ == 0) return 0;
  anomalies_.add(Anomaly::base64_truncated);
  return pad(out.data());
}

}  // namespace sluice::scan::mime
