#include "scanners/mime/white_space.h"

#include "scanners/mime/octet_search.h"
#include "scanners/mime/squeeze.h"

namespace sluice::scan::mime {
namespace {

// Where a run may end: at white space other than a space, or at a space before more of it.
constexpr OctetPattern kMayEnd(
    OctetSet::of([](unsigned octet) { return kWhiteSpaceLeads[octet] && octet != ' '; }),
    OctetSet::of([](unsigned octet) { return octet == ' '; }),
    OctetSet::of([](unsigned octet) { return kWhiteSpaceLeads[octet]; }));

constexpr OctetSet kLeads = OctetSet::of([](unsigned octet) { return kWhiteSpaceLeads[octet]; });

// Null where the processor has no instructions for it.
SqueezeFunction best_squeeze() noexcept {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2"))
    return kSqueezeAvx512;
#endif
  return nullptr;
}

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

Squeezed squeeze(ByteView in, std::uint8_t* to) noexcept {
  static const SqueezeFunction best = best_squeeze();
  return best == nullptr ? Squeezed{} : best(kLeads, in.data(), in.size(), to);
}

}  // namespace sluice::scan::mime
