// Whether a message says "TLS-Required: No" (RFC 8689 5): its sender would rather have it delivered
// than protected.
#pragma once

#include <array>
#include <cstddef>

#include "engine/mail/field_finder.h"

namespace sluice::mail {

class TlsRequiredField {
 public:
  // The next octets of the message, in any chunking.
  void feed(ByteView octets) noexcept;
  bool says_no() const noexcept { return says_no_; }

 private:
  void take(char c) noexcept;

  FieldFinder field_{"tls-required:"};
  bool inside_ = false;          // the body of the field
  std::array<char, 3> value_{};  // without white space; more than fits is not "no"
  std::size_t length_ = 0;
  bool says_no_ = false;
};

}  // namespace sluice::mail
