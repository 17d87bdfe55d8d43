// A short text in place: what a header parameter may cost us at most. Excess is dropped, not
// stored.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::scan::mime {

template <std::size_t Capacity>
class BoundedText {
 public:
  std::string_view view() const noexcept { return {data_.data(), size_}; }
  bool empty() const noexcept { return size_ == 0; }
  void clear() noexcept { size_ = 0; }
  void truncate(std::size_t size) noexcept {
    size_ = static_cast<std::uint16_t>(std::min<std::size_t>(size, size_));
  }

  void append(std::string_view text) noexcept {
    const std::size_t taken = std::min(text.size(), Capacity - size_);
    std::copy_n(text.data(), taken, data_.data() + size_);
    size_ = static_cast<std::uint16_t>(size_ + taken);
  }

  void assign(std::string_view text) noexcept {
    clear();
    append(text);
  }

 private:
  std::uint16_t size_ = 0;
  std::array<char, Capacity> data_;
};

}  // namespace sluice::scan::mime
