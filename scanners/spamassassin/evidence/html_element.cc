#include "scanners/spamassassin/evidence/html_element.h"

#include <algorithm>
#include <array>

namespace sluice::scan::sa {
namespace {

struct NamedSet {
  ElementSet set;
  std::string_view names;  // with spaces between
};

constexpr NamedSet kSets[] = {
    {kElement,
     "a abbr acronym address applet area b base basefont bdo big blockquote body br button caption "
     "center cite code col colgroup dd del dfn dir div dl dt em fieldset font form frame frameset "
     "h1 h2 h3 h4 h5 h6 head hr html i iframe img input ins isindex kbd label legend li link map "
     "menu meta nobr noframes noscript object ol optgroup option p param pre q s samp script "
     "select small span strike strong style sub sup table tbody td textarea tfoot th thead title "
     "tr tt u ul var x-sigsep x-tab"},
    {kTrick, "bgsound embed listing plaintext xmp"},
    {kStyled, "a basefont big body div font marquee p small span table td th tr"},
    {kSpaced,
     "blockquote br dd div dt embed h1 h2 h3 h4 h5 h6 hr li listing p plaintext pre td th title "
     "xmp"},
    {kHref, "a area base link"},
    {kSafeRedirect, "a area link"},
    {kSource, "bgsound embed frame iframe img script"},
    {kAction, "form"},
    {kBackground, "body table td tr"},
};

struct Element {
  std::string_view name;
  std::uint16_t sets = 0;
};

struct Table {
  std::array<Element, 128> elements{};
  std::array<std::uint8_t, 27> first{};  // of each letter; behind the last

  consteval Table() {
    std::size_t size = 0;
    for (auto [set, names] : kSets)
      while (!names.empty()) {
        const std::string_view name = names.substr(0, names.find(' '));
        names.remove_prefix(std::min(name.size() + 1, names.size()));
        const auto end = elements.begin() + static_cast<std::ptrdiff_t>(size);
        const auto known = std::ranges::find(elements.begin(), end, name, &Element::name);
        if (known == end) elements.at(size++).name = name;
        known->sets |= set;
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

std::uint16_t sets_of(std::string_view name) noexcept {
  if (name.empty() || name[0] < 'a' || name[0] > 'z') return 0;
  const auto letter = static_cast<std::size_t>(name[0] - 'a');
  for (std::size_t i = kTable.first[letter]; i < kTable.first[letter + 1]; ++i)
    if (kTable.elements[i].name == name) return kTable.elements[i].sets;
  return 0;
}

}  // namespace sluice::scan::sa
