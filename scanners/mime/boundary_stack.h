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
    std::size_t frame = 0;
  };

  explicit BoundaryStack(std::size_t depth_max) : frames_(depth_max) {}

  static constexpr std::size_t frame_bytes() noexcept { return sizeof(Frame); }

  void clear() noexcept { size_ = 0; }
  bool empty() const noexcept { return size_ == 0; }
  // Never called with more open than depth_max. Returns how the boundary is mistaken for others.
  Anomalies push(std::string_view boundary, std::uint32_t depth, bool digest) noexcept;
  // What `line` (line end optional) delimits, innermost multipart first; nothing when it is text.
  std::optional<Delimiter> find(std::string_view line) const noexcept;
  bool is_innermost(const Delimiter& delimiter) const noexcept {
    return delimiter.frame + 1 == size_;
  }
  // Whether a line that is no delimiter begins like one.
  bool resembles(std::string_view line) const noexcept;
  // Closes what is nested in the delimiter's multipart, and with a close delimiter that one too.
  Anomalies apply(const Delimiter& delimiter) noexcept;
  Anomalies close_all() noexcept { return close_from(0); }  // at the end of the message

 private:
  struct Frame {
    std::uint32_t depth = 0;
    bool digest = false;
    bool delimited = false;  // its boundary has come
    BoundedText<kBoundaryBytes> boundary;
  };
  Anomalies close_from(std::size_t frame) noexcept;

  std::vector<Frame> frames_;
  std::size_t size_ = 0;
};

}  // namespace sluice::scan::mime
