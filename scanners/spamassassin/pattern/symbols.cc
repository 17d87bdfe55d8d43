#include "scanners/spamassassin/pattern/symbols.h"

#include "scanners/mime/octet_search.h"

namespace sluice::scan::sa {

SymbolSet symbols_of(const OctetSet& octets) {
  SymbolSet symbols;
  for (std::size_t octet = octets._Find_first(); octet < 256; octet = octets._Find_next(octet)) {
    symbols.set(octet);
    if (!is_continuation(static_cast<std::uint8_t>(octet))) continue;
    for (const std::uint8_t lead : kLeads)
      symbols.set(symbol_of(lead, static_cast<std::uint8_t>(octet)));
  }
  return symbols;
}

bool has_leads(ByteView text) noexcept {
  static constexpr mime::OctetPattern kAnyLead(
      mime::OctetSet::of([](unsigned octet) { return kFirstLed[octet] != 0; }), {}, {});
  return mime::find(kAnyLead, text) < text.size();
}

}  // namespace sluice::scan::sa
