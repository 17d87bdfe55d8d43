#include "scanners/html/name.h"

#include "scanners/short_text.h"

namespace sluice::scan::html {
namespace {

constexpr std::size_t kPlaces = 512;

// Found by trial: all but one of the names have a place of their own.
constexpr std::size_t place_of(std::string_view name) noexcept {
  const auto at = [&](std::size_t i) { return std::size_t{static_cast<unsigned char>(name[i])}; };
  return (at(0) * 29 + at(name.size() - 1) * 150 + at(name.size() / 2) * 185 + name.size() * 137) %
         kPlaces;
}

bool is_same(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  return a.size() > kShortTextBytes ? a == b : ShortText::of(a) == ShortText::of(b);
}

struct Places {
  std::array<Name, kPlaces> names{};

  consteval Places() {
    for (std::size_t i = 1; i < kNames.size(); ++i) {
      std::size_t place = place_of(kNames[i]);
      while (names[place] != Name::other) place = (place + 1) % kPlaces;
      names[place] = static_cast<Name>(i);
    }
  }
};

constexpr Places kPlacesOfNames;

}  // namespace

Name name_of(std::string_view lower) noexcept {
  if (lower.empty()) return Name::other;
  for (std::size_t place = place_of(lower);; place = (place + 1) % kPlaces) {
    const Name name = kPlacesOfNames.names[place];
    if (name == Name::other || is_same(kNames[static_cast<std::size_t>(name)], lower)) return name;
  }
}

}  // namespace sluice::scan::html
