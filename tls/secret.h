// Text that must not stay behind in memory: keys, passwords. Wiped when it goes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/bytes.h"

namespace sluice::tls {

class Secret {
 public:
  // Room for `bytes_max` octets at once: a text that grew would leave its old copies behind.
  explicit Secret(std::size_t bytes_max = 0) { text_.reserve(bytes_max); }
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    std::swap(text_, other.text_);
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  std::string& text() noexcept { return text_; }
  std::string_view view() const noexcept { return text_; }
  const char* c_str() const noexcept { return text_.c_str(); }
  ByteView octets() const noexcept { return as_bytes(text_); }

 private:
  void wipe() noexcept;

  std::string text_;
};

// No core dump of this process, and no debugger of another user, from now on (prctl(2)).
void forbid_core_dumps() noexcept;

}  // namespace sluice::tls
