// Requests of SpamAssassin's protocol in two chunkings, which must agree.
#include <algorithm>
#include <cstdlib>

#include "engine/base/bytes.h"
#include "engine/control/spamd_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using sluice::control::SpamdReader;
  if (size == 0) return 0;
  const std::size_t chunk = data[0] % 61 + 1;
  std::string_view octets = sluice::as_text({data + 1, size - 1});
  SpamdReader whole(4'096);
  SpamdReader pieces(4'096);
  whole.feed(octets);
  while (!octets.empty()) {
    pieces.feed(octets.substr(0, chunk));
    octets.remove_prefix(std::min(chunk, octets.size()));
  }
  whole.finish();
  pieces.finish();
  if (whole.state() != pieces.state() || whole.message() != pieces.message()) std::abort();
  return 0;
}
