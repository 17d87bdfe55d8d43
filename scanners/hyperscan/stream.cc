#include "scanners/hyperscan/stream.h"

#include <hs.h>

#include <algorithm>

#include "engine/base/contract.h"

namespace sluice::scan::hyperscan {
namespace {

// Hyperscan takes 32-bit lengths.
constexpr std::size_t kScanBytesMax = std::size_t{1} << 30;

int on_match(unsigned id, unsigned long long, unsigned long long, unsigned, void* matches) {
  static_cast<MatchSet*>(matches)->add(id);
  return 0;
}

struct NamedMatches {
  std::span<const std::uint32_t> names;
  MatchSet& matches;
};

int on_named_match(unsigned id, unsigned long long, unsigned long long, unsigned, void* context) {
  auto* const named = static_cast<NamedMatches*>(context);
  named->matches.add(named->names[id]);
  return 0;
}

}  // namespace

Scratch::~Scratch() { hs_free_scratch(scratch_); }

void Scratch::grow_for(const Database& database) {
  SLUICE_ASSERT(hs_alloc_scratch(database.get(), &scratch_) == HS_SUCCESS);
}

void scan_block(const Database& database, ByteView octets, const Scratch& scratch,
                std::span<const std::uint32_t> names, MatchSet& matches) noexcept {
  NamedMatches named{names, matches};
  const ByteView text = octets.first(std::min(octets.size(), kScanBytesMax));
  const auto result =
      hs_scan(database.get(), reinterpret_cast<const char*>(text.data()),
              static_cast<unsigned>(text.size()), 0, scratch.get(), on_named_match, &named);
  SLUICE_ASSERT(result == HS_SUCCESS);
}

Stream::Stream(const Database& database) {
  SLUICE_ASSERT(hs_open_stream(database.get(), 0, &stream_) == HS_SUCCESS);
}

Stream::~Stream() {
  if (stream_ != nullptr) hs_close_stream(stream_, nullptr, nullptr, nullptr);
}

void Stream::scan(ByteView octets, const Scratch& scratch, MatchSet& matches) noexcept {
  touched_ = touched_ || !octets.empty();
  while (!octets.empty()) {
    const ByteView piece = octets.first(std::min(octets.size(), kScanBytesMax));
    const auto result =
        hs_scan_stream(stream_, reinterpret_cast<const char*>(piece.data()),
                       static_cast<unsigned>(piece.size()), 0, scratch.get(), on_match, &matches);
    SLUICE_ASSERT(result == HS_SUCCESS);
    octets = octets.subspan(piece.size());
  }
}

void Stream::finish(const Scratch& scratch, MatchSet& matches) noexcept {
  if (!touched_) return;  // no expression matches an empty text
  const auto result = hs_reset_stream(stream_, 0, scratch.get(), on_match, &matches);
  SLUICE_ASSERT(result == HS_SUCCESS);
  touched_ = false;
}

void Stream::reset() noexcept {
  if (!touched_) return;
  SLUICE_ASSERT(hs_reset_stream(stream_, 0, nullptr, nullptr, nullptr) == HS_SUCCESS);
  touched_ = false;
}

}  // namespace sluice::scan::hyperscan
