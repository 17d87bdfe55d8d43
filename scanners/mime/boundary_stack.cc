#include "scanners/mime/boundary_stack.h"

namespace sluice::scan::mime {
namespace {

std::string_view trim_right(std::string_view text) noexcept {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return text.substr(0, last == text.npos ? 0 : last + 1);
}

}  // namespace

bool BoundaryStack::push(std::string_view boundary, std::uint32_t depth, bool digest) noexcept {
  if (size_ == frames_.size()) return false;
  Frame& frame = frames_[size_++];
  frame.depth = depth;
  frame.digest = digest;
  frame.boundary.assign(trim_right(boundary));
  return true;
}

std::optional<BoundaryStack::Delimiter> BoundaryStack::find(std::string_view line) const noexcept {
  if (!line.starts_with("--")) return {};
  line = trim_right(line).substr(2);
  for (std::size_t i = size_; i > 0; --i) {
    const Frame& frame = frames_[i - 1];
    const std::string_view boundary = frame.boundary.view();
    if (!line.starts_with(boundary)) continue;
    const std::string_view tail = line.substr(boundary.size());
    // A boundary that filled its store was cut: what follows in the line is not known.
    const bool cut = boundary.size() == kBoundaryBytes;
    const bool close = tail == "--" || (cut && tail.ends_with("--"));
    if (!tail.empty() && !close && !cut) continue;
    return Delimiter{frame.depth, frame.digest, close, close ? i - 1 : i};
  }
  return {};
}

}  // namespace sluice::scan::mime
