// Texts one behind the other in one piece of memory, which is kept from message to message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::scan::sa {

class TextList {
 public:
  static constexpr std::size_t kBytesKept = 64 * 1024;  // more is given back when cleared

  void clear();
  void add(std::string_view text);
  void append(std::string_view text, std::size_t bytes_max);  // to the last, up to its limit
  std::size_t size() const noexcept { return ends_.size(); }
  bool empty() const noexcept { return ends_.empty(); }
  std::size_t bytes() const noexcept { return octets_.size(); }
  // Valid until something is added.
  std::string_view operator[](std::size_t i) const noexcept {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(octets_).substr(begin, ends_[i] - begin);
  }
  std::string_view back() const noexcept { return (*this)[size() - 1]; }

  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t i = 0; i < size(); ++i) visit((*this)[i]);
  }
  template <typename Is>
  bool any_of(Is&& is) const {
    for (std::size_t i = 0; i < size(); ++i)
      if (is((*this)[i])) return true;
    return false;
  }

 private:
  std::string octets_;
  std::vector<std::uint32_t> ends_;
};

// A list that has each text once.
class UniqueTexts {
 public:
  void clear();
  // False when it was there.
  bool add(std::string_view text);
  bool contains(std::string_view text) const noexcept;
  const TextList& texts() const noexcept { return texts_; }

 private:
  std::size_t place_of(std::string_view text) const noexcept;
  void grow();

  TextList texts_;
  std::vector<std::uint32_t> places_;  // of texts, from 1 on; a power of two, half of them empty
};

}  // namespace sluice::scan::sa
