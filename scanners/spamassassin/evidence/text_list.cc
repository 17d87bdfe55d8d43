#include "scanners/spamassassin/evidence/text_list.h"

#include <algorithm>
#include <functional>

#include "scanners/spamassassin/evidence/scatter.h"

namespace sluice::scan::sa {

void TextList::clear() {
  octets_.clear();
  ends_.clear();
  if (octets_.capacity() > kBytesKept) octets_.shrink_to_fit();
}

void TextList::add(std::string_view text) {
  octets_ += text;
  ends_.push_back(static_cast<std::uint32_t>(octets_.size()));
}

void TextList::append(std::string_view text, std::size_t bytes_max) {
  octets_ += text.substr(0, bytes_max - std::min(bytes_max, back().size()));
  ends_.back() = static_cast<std::uint32_t>(octets_.size());
}

void UniqueTexts::clear() {
  if (!texts_.empty()) std::ranges::fill(places_, 0);
  texts_.clear();
}

// Where the text is or would be.
std::size_t UniqueTexts::place_of(std::string_view text) const noexcept {
  const std::size_t last = places_.size() - 1;
  std::size_t at = scattered(std::hash<std::string_view>{}(text), places_.size());
  while (places_[at] > 0 && texts_[places_[at] - 1] != text) at = (at + 1) & last;
  return at;
}

void UniqueTexts::grow() {
  places_.assign(std::max<std::size_t>(64, 2 * places_.size()), 0);
  for (std::size_t i = 0; i < texts_.size(); ++i)
    places_[place_of(texts_[i])] = static_cast<std::uint32_t>(i + 1);
}

bool UniqueTexts::contains(std::string_view text) const noexcept {
  return !places_.empty() && places_[place_of(text)] > 0;
}

bool UniqueTexts::add(std::string_view text) {
  if (2 * texts_.size() >= places_.size()) grow();
  const std::size_t place = place_of(text);
  if (places_[place] > 0) return false;
  texts_.add(text);
  places_[place] = static_cast<std::uint32_t>(texts_.size());
  return true;
}

}  // namespace sluice::scan::sa
