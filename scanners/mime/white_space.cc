#include "scanners/mime/white_space.h"

#include "scanners/mime/octet_search.h"

namespace sluice::scan::mime {
namespace {

// Where a run may end: at white space other than a space, or at a space before more of it.
constexpr OctetPattern kMayEnd(
    OctetSet::of([](unsigned octet) { return kWhiteSpaceLeads[octet] && octet != ' '; }),
    OctetSet::of([](unsigned octet) { return octet == ' '; }),
    OctetSet::of([](unsigned octet) { return kWhiteSpaceLeads[octet]; }));

// Octets of the characters beyond ASCII, white space aside, that `in` begins with.
std::size_t foreign_size(ByteView in) noexcept {
  std::size_t at = 0;
  while (at < in.size() && in[at] >= 0x80 && white_space_size(in.subspan(at)) == 0) ++at;
  return at;
}

}  // namespace

std::size_t plain_run(ByteView in) noexcept {
  std::size_t at = 0;
  while (at < in.size()) {
    at += find(kMayEnd, in.subspan(at));
    if (at == in.size()) break;
    const std::size_t word = at + (in[at] == ' ' ? 1 : 0);  // a space before what may be a letter
    const std::size_t foreign = foreign_size(in.subspan(word));
    if (foreign == 0) return at;
    at = word + foreign;
  }
  return in.empty() || in.back() != ' ' ? at : at - 1;
}

}  // namespace sluice::scan::mime
