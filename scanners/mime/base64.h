// Incremental base64 (RFC 4648 4, RFC 2045 6.8): octets outside the alphabet are passed over, "="
// ends a group and decoding goes on behind it, as mail programs do with joined encodings.
#pragma once

#include <cstdint>

#include "engine/base/bytes.h"
#include "scanners/mime/anomaly.h"
#include "scanners/mime/base64_kernel.h"

namespace sluice::scan::mime {

class Base64Decoder {
 public:
  explicit Base64Decoder(const Base64Kernel& kernel = *base64_kernels().front()) noexcept
      : kernel_(&kernel) {}

  void begin() noexcept;
  // Decodes from `in` (advanced by what was taken) as far as `out` has room; returns octets
  // written. `out` holds at least 4 octets.
  std::size_t decode(ByteView& in, MutableBytes out) noexcept;
  // The encoding ended: what an incomplete last group still says, at most 2 octets.
  std::size_t finish(MutableBytes out) noexcept;

  Anomalies anomalies() const noexcept { return anomalies_; }

 private:
  std::size_t decode_blocks(ByteView& in, MutableBytes out) noexcept;
  std::size_t decode_octets(ByteView& in, MutableBytes out) noexcept;
  std::size_t pad(std::uint8_t* to) noexcept;
  std::size_t end_group(std::uint8_t* to) noexcept;

  const Base64Kernel* kernel_;
  std::uint32_t bits_ = 0;   // of the symbols of an open group
  std::uint32_t count_ = 0;  // symbols in it, 0..3
  bool padded_ = false;      // "=" was seen
  Anomalies anomalies_;
};

}  // namespace sluice::scan::mime
