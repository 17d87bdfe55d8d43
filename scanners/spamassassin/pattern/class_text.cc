#include "scanners/spamassassin/pattern/class_text.h"

#include <iterator>

#include <fmt/format.h>

namespace sluice::scan::sa {
namespace {

void put(unsigned octet, std::string& out) {
  const auto c = static_cast<char>(octet);
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ')
    out += c;
  else
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", octet);
}

void put_ranges(const OctetSet& set, std::string& out) {
  for (unsigned first = 0; first < 256; ++first) {
    if (!set[first]) continue;
    unsigned last = first;
    while (last < 255 && set[last + 1]) ++last;
    put(first, out);
    if (last > first + 1) out += '-';
    if (last > first) put(last, out);
    first = last;
  }
}

}  // namespace

void append_class(const OctetSet& set, std::string& out) {
  const bool most = set.count() > 128;
  const OctetSet named = most ? ~set : set;
  if (named.none()) {
    out += most ? "(?s:.)" : "[^\\x00-\\xff]";
  } else if (named.count() == 1 && !most) {
    put(static_cast<unsigned>(named._Find_first()), out);
  } else {
    out += most ? "[^" : "[";
    put_ranges(named, out);
    out += ']';
  }
}

}  // namespace sluice::scan::sa
