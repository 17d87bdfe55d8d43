// How often each element of an HTML part was begun and not ended.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "scanners/html/name.h"

namespace sluice::scan::sa {

class ElementCounts {
 public:
  void clear() {
    known_ = {};
    others_.clear();
    size_ = 0;
  }
  // Null for one that did not come.
  int* find(html::Name id, std::string_view name) noexcept {
    if (id != html::Name::other) return known_[id].seen ? &known_[id].count : nullptr;
    const auto found = others_.find(name);
    return found == others_.end() ? nullptr : &found->second;
  }
  const int* find(std::string_view name) const noexcept {
    return const_cast<ElementCounts*>(this)->find(html::name_of(name), name);
  }
  bool contains(std::string_view name) const noexcept { return find(name) != nullptr; }
  bool contains(html::Name id) const noexcept { return known_[id].seen; }
  // Where it did not come.
  int& add(html::Name id, std::string_view name) {
    ++size_;
    if (id == html::Name::other) return others_.emplace(name, 0).first->second;
    known_[id].seen = true;
    return known_[id].count;
  }
  std::size_t size() const noexcept { return size_; }  // different ones

 private:
  struct Known {
    int count = 0;
    bool seen = false;
  };
  html::NameTable<Known> known_;
  std::map<std::string, int, std::less<>> others_;
  std::size_t size_ = 0;
};

}  // namespace sluice::scan::sa
