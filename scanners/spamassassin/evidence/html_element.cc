#include "scanners/spamassassin/evidence/html_element.h"

#include <string_view>

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

consteval html::NameTable<std::uint16_t> make_table() {
  html::NameTable<std::uint16_t> table;
  for (const NamedSet& one : kSets)
    html::for_each_known_name(one.names, [&](html::Name name) { table[name] |= one.set; });
  return table;
}

constexpr html::NameTable<std::uint16_t> kTable = make_table();

}  // namespace

std::uint16_t sets_of(html::Name element) noexcept { return kTable[element]; }

}  // namespace sluice::scan::sa
