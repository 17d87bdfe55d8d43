// How often each word of a text came, the words known by their hashes alone. Keeps its memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::scan::sa {

class WordCounts {
 public:
  static constexpr std::size_t kPlacesMin = 256;
  // From how many places on memory is given back when a message is over.
  static constexpr std::size_t kPlacesKept = 4'096;

  void clear();
  // Beyond `words_max` different words only those that came before are counted.
  void add(std::size_t word, std::size_t words_max);
  std::size_t size() const noexcept { return size_; }  // different words
  std::size_t places() const noexcept { return places_.size(); }
  bool empty() const noexcept { return size_ == 0; }
  std::uint32_t count(std::size_t word) const noexcept {
    return places_.empty() ? 0 : places_[place_of(word)].count;
  }

  // Calls visit(word, count) for each.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const Place& place : places_)
      if (place.count > 0) visit(place.word, place.count);
  }

 private:
  struct Place {
    std::size_t word = 0;
    std::uint32_t count = 0;  // 0: nothing is there
  };

  std::size_t place_of(std::size_t word) const noexcept;
  void grow();

  std::vector<Place> places_;  // a power of two of them, at most half of them taken
  std::size_t size_ = 0;
};

}  // namespace sluice::scan::sa
