// The sizes of the images that a message carries, read from their first octets while they arrive.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "scanners/mime/message_sink.h"

namespace sluice::scan::sa {

enum class ImageKind : std::uint8_t { gif, png, jpeg };
inline constexpr std::size_t kImageKinds = 3;
inline constexpr std::uint64_t kImageSideMax = 1'000'000;  // pixels; beyond that it says nonsense

struct ImageFacts {
  std::array<std::uint64_t, kImageKinds> count{};
  std::array<std::uint64_t, kImageKinds> pixels{};
};

class ImageEvidence {
 public:
  void begin() noexcept { facts_ = {}; }
  void part_begin(const mime::Part& part) noexcept;
  void part_bytes(ByteView decoded) noexcept;

  const ImageFacts& facts() const noexcept { return facts_; }

 private:
  void take() noexcept;  // what is wanted has come
  void take_jpeg() noexcept;
  void found(std::uint64_t width, std::uint64_t height) noexcept;
  void want(std::size_t octets, std::uint64_t skip) noexcept;
  std::uint64_t number(std::size_t at, std::size_t size, bool little = false) const noexcept;

  ImageFacts facts_;
  ImageKind kind_ = ImageKind::gif;
  bool reading_ = false;
  bool in_frame_ = false;   // of a JPEG: its header with the size is what is wanted
  std::uint64_t skip_ = 0;  // octets before what is wanted
  std::size_t wanted_ = 0;  // octets
  std::size_t size_ = 0;    // octets of those that have come
  std::array<std::uint8_t, 24> octets_;
};

}  // namespace sluice::scan::sa
