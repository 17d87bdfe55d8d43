#include "scanners/html/element.h"

namespace sluice::scan::html {
namespace {

struct Names {
  Trait trait;
  std::string_view names;  // with spaces between
};

constexpr Names kTraits[] = {
    {Trait::empty, "area base br col embed hr img input link meta param source track wbr"},
    {Trait::block,
     "address blockquote center div dl fieldset form h1 h2 h3 h4 h5 h6 hr ol p pre table ul"},
    {Trait::line, "br div"},
    {Trait::gap, "dd dt embed h1 h2 h3 h4 h5 h6 li td th"},
    {Trait::paragraph, "blockquote hr listing p plaintext pre title xmp"},
    {Trait::reference, "area link base"},
    {Trait::source, "bgsound embed frame iframe script"},
    {Trait::background, "body table td tr"},
    {Trait::raw_text, "script style title textarea xmp iframe noembed noframes"},
};

consteval NameTable<Traits> make_table() {
  NameTable<Traits> table;
  for (const Names& one : kTraits)
    for_each_known_name(one.names, [&](Name name) { table[name].add(one.trait); });
  return table;
}

constexpr NameTable<Traits> kTable = make_table();

}  // namespace

Traits traits_of(Name name) noexcept { return kTable[name]; }

}  // namespace sluice::scan::html
