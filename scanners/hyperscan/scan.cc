#include "scanners/hyperscan/scan.h"

#include <hs.h>

#include <algorithm>

#include "engine/base/contract.h"

namespace sluice::scan::hyperscan {
namespace {

// Hyperscan takes 32-bit lengths.
constexpr std::size_t kScanBytesMax = std::size_t{1} << 30;

struct Listener {
  MatchTold told;
  void* listener;
};

int tell(unsigned id, unsigned long long, unsigned long long end, unsigned, void* context) {
  const auto* const to = static_cast<const Listener*>(context);
  to->told(to->listener, id, end);
  return 0;
}

hs_error_t scan(const Database& database, ByteView octets, const Scratch& scratch,
                match_event_handler on_match, void* context) noexcept {
  const ByteView text = octets.first(std::min(octets.size(), kScanBytesMax));
  return hs_scan(database.get(), reinterpret_cast<const char*>(text.data()),
                 static_cast<unsigned>(text.size()), 0, scratch.get(), on_match, context);
}

struct Counted {
  std::uint32_t most;
  std::size_t apart;
  std::uint32_t found = 0;
  std::size_t next = 0;  // the least end that counts
};

int count(unsigned, unsigned long long, unsigned long long end, unsigned, void* context) {
  auto* const counted = static_cast<Counted*>(context);
  if (end < counted->next) return 0;
  counted->next = end + counted->apart;
  return ++counted->found == counted->most ? 1 : 0;
}

}  // namespace

Scratch::~Scratch() { hs_free_scratch(scratch_); }

void Scratch::grow_for(const Database& database) {
  SLUICE_ASSERT(hs_alloc_scratch(database.get(), &scratch_) == HS_SUCCESS);
}

void scan_block(const Database& database, ByteView octets, const Scratch& scratch, MatchTold told,
                void* listener) noexcept {
  Listener to{told, listener};
  SLUICE_ASSERT(scan(database, octets, scratch, tell, &to) == HS_SUCCESS);
}

std::uint32_t count_matches(const Database& database, ByteView octets, const Scratch& scratch,
                            std::uint32_t most, std::size_t apart) noexcept {
  Counted counted{most, apart};
  const hs_error_t result = scan(database, octets, scratch, count, &counted);
  SLUICE_ASSERT(result == HS_SUCCESS || result == HS_SCAN_TERMINATED);
  return counted.found;
}

}  // namespace sluice::scan::hyperscan
