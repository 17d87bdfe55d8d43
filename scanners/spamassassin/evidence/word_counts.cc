#include "scanners/spamassassin/evidence/word_counts.h"

#include <algorithm>
#include <utility>

#include "scanners/spamassassin/evidence/scatter.h"

namespace sluice::scan::sa {

// A table that has become too wide is a half of it from now on: few words far from each other cost
// more, and so does the next clearing.
void WordCounts::clear() {
  if (size_ == 0) return;
  const std::size_t places = places_.size();
  if (places > kPlacesKept)
    places_ = {};
  else
    places_.assign(places > kPlacesMin && 8 * size_ < places ? places / 2 : places, Place{});
  size_ = 0;
}

// Where the word is or would be.
std::size_t WordCounts::place_of(std::size_t word) const noexcept {
  const std::size_t last = places_.size() - 1;
  std::size_t at = scattered(word, places_.size());
  while (places_[at].count > 0 && places_[at].word != word) at = (at + 1) & last;
  return at;
}

void WordCounts::grow() {
  std::vector<Place> before(std::max(kPlacesMin, 2 * places_.size()));
  before.swap(places_);
  for (const Place& place : before)
    if (place.count > 0) places_[place_of(place.word)] = place;
}

void WordCounts::add(std::size_t word, std::size_t words_max) {
  if (2 * size_ >= places_.size()) grow();
  Place& place = places_[place_of(word)];
  if (place.count == 0) {
    if (size_ >= words_max) return;
    place.word = word;
    ++size_;
  }
  ++place.count;
}

}  // namespace sluice::scan::sa
