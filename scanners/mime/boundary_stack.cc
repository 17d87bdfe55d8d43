#include "scanners/mime/boundary_stack.h"

#include "engine/base/contract.h"

namespace sluice::scan::mime {
namespace {

std::string_view trim_right(std::string_view text) noexcept {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return text.substr(0, last == text.npos ? 0 : last + 1);
}

}  // namespace

Anomalies BoundaryStack::push(std::string_view boundary, std::uint32_t depth,
                              bool digest) noexcept {
  SLUICE_ASSERT(size_ < frames_.size());
  boundary = trim_right(boundary);
  Anomalies anomalies;
  for (std::size_t i = 0; i < size_; ++i) {
    const std::string_view other = frames_[i].boundary.view();
    if (other == boundary)
      anomalies.add(Anomaly::boundary_reused);
    else if (other.starts_with(boundary) || boundary.starts_with(other))
      anomalies.add(Anomaly::boundary_prefix);
  }
  Frame& frame = frames_[size_++];
  frame.depth = depth;
  frame.digest = digest;
  frame.delimited = false;
  frame.boundary.assign(boundary);
  return anomalies;
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
    return Delimiter{frame.depth, frame.digest, close, i - 1};
  }
  return {};
}

bool BoundaryStack::resembles(std::string_view line) const noexcept {
  for (std::size_t i = 0; i < size_; ++i)
    if (line.substr(2).starts_with(frames_[i].boundary.view())) return true;
  return false;
}

Anomalies BoundaryStack::apply(const Delimiter& delimiter) noexcept {
  frames_[delimiter.frame].delimited = true;
  const Anomalies anomalies = close_from(delimiter.frame + 1);
  if (delimiter.close) size_ = delimiter.frame;
  return anomalies;
}

Anomalies BoundaryStack::close_from(std::size_t frame) noexcept {
  Anomalies anomalies;
  for (std::size_t i = frame; i < size_; ++i)
    anomalies.add(frames_[i].delimited ? Anomaly::close_delimiter_missing : Anomaly::no_parts);
  size_ = frame;
  return anomalies;
}

}  // namespace sluice::scan::mime
