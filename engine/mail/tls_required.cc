#include "engine/mail/tls_required.h"

#include <string_view>

namespace sluice::mail {

void TlsRequiredField::feed(ByteView octets) noexcept {
  while (!octets.empty()) {
    if (inside_) {
      take(static_cast<char>(octets.front()));
      octets = octets.subspan(inside_ ? 1 : 0);  // the finder sees the end of the line
      continue;
    }
    const auto at = field_.next(octets);
    if (!at) return;
    octets = octets.subspan(*at);
    inside_ = true;
    length_ = 0;
  }
}

void TlsRequiredField::take(char c) noexcept {
  if (c == '\n') {
    inside_ = false;
    says_no_ = says_no_ || std::string_view(value_.data(), length_) == "no";
  } else if (c != ' ' && c != '\t' && c != '\r' && length_ < value_.size()) {
    value_[length_++] = ascii_lower(c);
  }
}

}  // namespace sluice::mail
