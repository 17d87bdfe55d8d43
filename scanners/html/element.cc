#include "scanners/html/element.h"

#include <algorithm>
#include <array>

namespace sluice::scan::html {
namespace {

struct Names {
  Trait trait;
  std::string_view names;  // with spaces between
};

constexpr Names kNames[] = {
    {Trait::empty, "area base br col embed hr img input link meta param source track wbr"},
    {Trait::block,
     "address blockquote center div dl fieldset form h1 h2 h3 h4 h5 h6 hr ol p pre table ul"},
    {Trait::line, "br div"},
    {Trait::gap, "dd dt embed h1 h2 h3 h4 h5 h6 li td th"},
    {Trait::paragraph, "blockquote hr listing p plaintext pre title xmp"},
    {Trait::reference, "area link base"},
    {Trait::source, "bgsound embed frame iframe script"},
    {Trait::background, "body table td tr"},
};

struct Element {
  std::string_view name;
  Traits traits;
};

struct Table {
  std::array<Element, 64> elements{};
  std::array<std::uint8_t, 27> first{};  // of each letter; behind the last

  consteval Table() {
    std::size_t size = 0;
    for (auto [trait, names] : kNames)
      while (!names.empty()) {
        const std::string_view name = names.substr(0, names.find(' '));
        names.remove_prefix(std::min(name.size() + 1, names.size()));
        const auto end = elements.begin() + static_cast<std::ptrdiff_t>(size);
        const auto known = std::ranges::find(elements.begin(), end, name, &Element::name);
        if (known == end) elements.at(size++).name = name;
        known->traits.add(trait);
      }
    std::ranges::sort(elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(size), {},
                      &Element::name);
    for (std::size_t letter = 0; letter < first.size(); ++letter)
      while (first[letter] < size &&
             static_cast<std::size_t>(elements[first[letter]].name[0] - 'a') < letter)
        ++first[letter];
  }
};

constexpr Table kTable;

}  // namespace

Traits traits_of(std::string_view name) noexcept {
  if (name.empty() || name[0] < 'a' || name[0] > 'z') return {};
  const auto letter = static_cast<std::size_t>(name[0] - 'a');
  for (std::size_t i = kTable.first[letter]; i < kTable.first[letter + 1]; ++i)
    if (kTable.elements[i].name == name) return kTable.elements[i].traits;
  return {};
}

}  // namespace sluice::scan::html
