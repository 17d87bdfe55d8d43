// Any octets, cut by the input's own first octets, must be told like the same octets in one chunk.
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "tests/scanners/transcript.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  static auto transcript = std::make_unique<scan::Transcript>(
      scan::mime::MessageLimits{
          .walker = {.depth_max = 4, .parts_max = 20, .header_bytes_max = 8'192},
          .rawbody_part_bytes_max = 6'000,
          .body_part_bytes_max = 3'000,
          .uris_max = 20},
      scan::kAllWanted);
  if (size < 4) return 0;
  const ByteView sizes{data, 4};
  const std::string_view message = as_text({data + 4, size - 4});
  const std::string whole = transcript->of(message);
  transcript->begin();
  std::size_t at = 0;
  for (std::size_t i = 0; at < message.size(); ++i) {
    const auto piece = message.substr(at, 1 + sizes[i % 4]);
    transcript->feed(piece);
    at += piece.size();
  }
  if (transcript->end() != whole) std::abort();
  return 0;
}
