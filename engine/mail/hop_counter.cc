#include "engine/mail/hop_counter.h"

#include <string_view>

namespace sluice::mail {
namespace {

constexpr std::string_view kField = "received:";

}  // namespace

void HopCounter::feed(ByteView octets) noexcept {
  while (!header_ended_ && !octets.empty()) {
    if (no_match_) {  // on to the next line
      const std::size_t end = find_byte(octets, '\n');
      if (end == octets.size()) return;
      octets = octets.subspan(end + 1);
      no_match_ = false;
      matched_ = 0;
      continue;
    }
    const auto c = static_cast<char>(octets.front());
    if (matched_ == 0 && c == '\r') {  // lines end in CRLF: an empty one ends the header section
      header_ended_ = true;
    } else if (ascii_lower(c) != kField[matched_]) {
      no_match_ = true;
    } else {
      octets = octets.subspan(1);
      if (++matched_ < kField.size()) continue;
      ++hops_;
      no_match_ = true;
    }
  }
}

}  // namespace sluice::mail
