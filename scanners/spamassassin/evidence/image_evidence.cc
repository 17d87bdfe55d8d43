#include "scanners/spamassassin/evidence/image_evidence.h"

#include <algorithm>
#include <cstring>

namespace sluice::scan::sa {

void ImageEvidence::part_begin(const mime::Part& part) noexcept {
  reading_ = part.encoding == mime::TransferEncoding::base64;
  if (part.type == "image/gif")
    kind_ = ImageKind::gif;
  else if (part.type == "image/png")
    kind_ = ImageKind::png;
  else if (part.type == "image/jpeg" || part.type == "image/jpg")
    kind_ = ImageKind::jpeg;
  else
    reading_ = false;
  if (!reading_) return;
  ++facts_.count[static_cast<std::size_t>(kind_)];
  in_frame_ = false;
  want(kind_ == ImageKind::gif ? 10 : kind_ == ImageKind::png ? 24 : 6, 0);
}

void ImageEvidence::want(std::size_t octets, std::uint64_t skip) noexcept {
  wanted_ = octets;
  skip_ = skip;
  size_ = 0;
}

void ImageEvidence::part_bytes(ByteView decoded) noexcept {
  while (reading_ && !decoded.empty()) {
    const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, decoded.size()));
    skip_ -= skipped;
    decoded = decoded.subspan(skipped);
    const std::size_t size = std::min(wanted_ - size_, decoded.size());
    std::memcpy(octets_.data() + size_, decoded.data(), size);
    size_ += size;
    decoded = decoded.subspan(size);
    if (size_ == wanted_) take();
  }
}

std::uint64_t ImageEvidence::number(std::size_t at, std::size_t size, bool little) const noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value = value << 8 | octets_[little ? at + size - 1 - i : at + i];
  return value;
}

void ImageEvidence::found(std::uint64_t width, std::uint64_t height) noexcept {
  reading_ = false;
  if (width > kImageSideMax || height > kImageSideMax) return;
  facts_.pixels[static_cast<std::size_t>(kind_)] += width * height;
}

void ImageEvidence::take() noexcept {
  const auto begins = [this](const char* magic, std::size_t size) {
    return std::memcmp(octets_.data(), magic, size) == 0;
  };
  reading_ = false;
  switch (kind_) {
    case ImageKind::gif:
      if (begins("GIF87a", 6) || begins("GIF89a", 6)) found(number(6, 2, true), number(8, 2, true));
      return;
    case ImageKind::png:  // the first chunk is IHDR (ISO/IEC 15948 5.6)
      if (begins("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", 16)) found(number(16, 4), number(20, 4));
      return;
    case ImageKind::jpeg: take_jpeg(); return;
  }
}

// Segments of "FF marker length": on to one that begins a frame (ITU-T T.81 B.1).
void ImageEvidence::take_jpeg() noexcept {
  if (in_frame_) {
    found(number(3, 2), number(1, 2));
    return;
  }
  std::size_t at = 0;
  if (wanted_ == 6) {
    if (number(0, 2) != 0xffd8) return;
    at = 2;
  }
  const std::uint64_t marker = number(at + 1, 1), length = number(at + 2, 2);
  if (octets_[at] != 0xff || marker == 0xda || marker == 0xd9 || length < 2) return;
  in_frame_ =
      marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
  reading_ = true;
  if (in_frame_)
    want(5, 0);
  else
    want(4, length - 2);
}

}  // namespace sluice::scan::sa
