// The multiparts that are open, outermost first, and the recognition of their delimiter lines
// (RFC 2046 5.1.1). Fixed memory: one frame per level of depth.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "scanners/mime/entity.h"

namespace sluice::scan::mime {

// A delimiter line is judged by its first octets: "--", boundary, "--", then padding.
inline constexpr std::size_t kDelimiterBytes = kBoundaryBytes + 56;

class BoundaryStack {
 public:
  struct Delimiter {
    std::uint32_t depth = 0;  // nesting of the multipart it belongs to
    bool digest = false;
    bool close = false;
    std::size_t frames_left = 0;
  };

  explicit BoundaryStack(std::size_t depth_max) : frames_(depth_max) {}

  static constexpr std::size_t frame_bytes() noexcept { return sizeof(Frame); }

  void clear() noexcept { size_ = 0; }
  bool empty() const noexcept { return size_ == 0; }
  // False when every frame is in use.
  bool push(std::string_view boundary, std::uint32_t depth, bool digest) noexcept;
  // What `line` (line end optional) delimits, innermost multipart first; nothing when it is text.
  std::optional<Delimiter> find(std::string_view line) const noexcept;
  // Closes what is nested in the delimiter's multipart, and with a close delimiter that one too.
  void apply(const Delimiter& delimiter) noexcept { size_ = delimiter.frames_left; }

 private:
  struct Frame {
    std::uint32_t depth = 0;
    bool digest = false;
    BoundedText<kBoundaryBytes> boundary;
  };

  std::vector<Frame> frames_;
  std::size_t size_ = 0;
};

}  // namespace sluice::scan::mime
