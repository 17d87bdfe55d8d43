// Finds the fields of one name in the header of a message as it arrives, in any chunking.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "engine/base/bytes.h"

namespace sluice::mail {

class FieldFinder {
 public:
  // "received:" – lower case, with the colon; outlives the finder.
  explicit constexpr FieldFinder(std::string_view name) : name_(name) {}

  // Where, in these next octets, the body of a field begins; nullopt when there is none: they are
  // used up. Otherwise call again with the octets from there on. Cheap once the header has ended.
  std::optional<std::size_t> next(ByteView octets) noexcept;

 private:
  std::string_view name_;
  bool header_ended_ = false;
  bool no_match_ = false;    // this line is no such field
  std::size_t matched_ = 0;  // octets of the name at the start of this line
};

}  // namespace sluice::mail
