// What a Content-* field that comes in pieces says, in little room: comments, unknown parameters
// and white space beyond one blank are left out on the way, so that no stuffing hides what is
// behind it.
#pragma once

#include <cstdint>
#include <string_view>

#include "scanners/mime/bounded_text.h"

namespace sluice::scan::mime {

inline constexpr std::size_t kLongFieldBytes = 8 * 1024;

class LongField {
 public:
  void begin() noexcept;
  void add(std::string_view value) noexcept;  // unfolded
  std::string_view view() const noexcept { return text_.view(); }
  bool limit_reached() const noexcept { return limit_reached_; }

 private:
  static constexpr std::size_t kNameBytes = 512;  // of what has no "=", more is stuffing

  void take(char c) noexcept;
  bool take_within(char c) noexcept;
  void take_equals() noexcept;
  void end_parameter() noexcept;
  void keep(char c) noexcept;
  std::size_t parameter_bytes() const noexcept { return text_.view().size() - begin_; }

  BoundedText<kLongFieldBytes> text_;
  std::size_t begin_ = 0;       // of the parameter being read, in text_
  std::uint32_t comments_ = 0;  // open ones
  bool quoted_ = false;
  bool escaped_ = false;   // behind a backslash
  bool equals_ = false;    // the parameter's name is over
  bool in_value_ = false;  // an unquoted value has begun: brackets and quotes mean nothing in it
  bool unknown_ = false;   // the parameter is left out
  bool limit_reached_ = false;
};

}  // namespace sluice::scan::mime
