// What attachment rules with action = "strip" take out of a message: whole parts of a multipart,
// with their headers, and the note that stands there instead. The octets of a message around them
// stay as they came.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "scanners/mime/bounded_text.h"
#include "scanners/mime/message_sink.h"

namespace sluice::scan::attachment {

inline constexpr std::size_t kCutsMax = 8;  // a message with more is refused

struct Cut {
  std::uint64_t begin = 0;   // octets of the message, from behind the delimiter before the part …
  std::uint64_t end = 0;     // … up to the line end before the next one
  std::uint64_t octets = 0;  // of the file, decoded
  std::uint16_t rule = 0;    // of AttachmentRules
  mime::BoundedText<64> type;
  mime::BoundedText<96> file_name;  // UTF-8; may be cut
};

class Cuts {
 public:
  // `origin`: octets fed before the message's first.
  void add(const mime::Part& part, std::uint64_t origin, std::size_t rule) noexcept;
  void add(const Cuts& others) noexcept;

  bool any() const noexcept { return size_ > 0 || impossible_; }
  // False: there are too many, or one of them is no part of a multipart.
  bool possible() const noexcept { return !impossible_; }
  std::span<const Cut> view() const noexcept {
    return {cuts_.data(), size_};
  }  // in order, disjoint

 private:
  void insert(const Cut& cut) noexcept;

  std::array<Cut, kCutsMax> cuts_;
  std::uint8_t size_ = 0;
  bool impossible_ = false;
};

// A text/plain part in 7-bit octets, without the line end behind it: name, type, size and the rule.
std::string note_of(const Cut& cut, std::string_view rule);

}  // namespace sluice::scan::attachment
