#include "engine/mail/field_finder.h"

namespace sluice::mail {

std::optional<std::size_t> FieldFinder::next(ByteView octets) noexcept {
  for (std::size_t at = 0; !header_ended_ && at < octets.size();) {
    if (no_match_) {  // on to the next line
      at += find_byte(octets.subspan(at), '\n') + 1;
      if (at > octets.size()) break;
      no_match_ = false;
      matched_ = 0;
      continue;
    }
    const auto c = static_cast<char>(octets[at]);
    if (matched_ == 0 && c == '\r') {  // lines end in CRLF: an empty one ends the header section
      header_ended_ = true;
    } else if (ascii_lower(c) != name_[matched_]) {
      no_match_ = true;
    } else {
      ++at;
      if (++matched_ < name_.size()) continue;
      no_match_ = true;
      return at;
    }
  }
  return {};
}

}  // namespace sluice::mail
