#include "scanners/attachment/vba.h"

#include <algorithm>
#include <bit>

#include "scanners/attachment/little_endian.h"

namespace sluice::scan::attachment {
namespace {

constexpr std::size_t kChunkBytes = 4096;  // decompressed
constexpr std::size_t kSourceMax = 1024UL * 1024;

// MS-OVBA 2.4.1.3.19: how the 16 bits of a copy are shared depends on how far the chunk has come.
void copy_token(std::uint32_t token, std::string& chunk) {
  const auto bits = std::max<std::uint32_t>(
      4, static_cast<std::uint32_t>(std::bit_width(std::max<std::size_t>(chunk.size(), 1) - 1)));
  const std::uint32_t length = (token & (0xffffU >> bits)) + 3;
  const std::uint32_t offset = (token >> (16 - bits)) + 1;
  if (offset > chunk.size()) return;
  for (std::uint32_t i = 0; i < length && chunk.size() < kChunkBytes; ++i)
    chunk += chunk[chunk.size() - offset];
}

std::string expand_chunk(ByteView in) {
  std::string chunk;
  std::size_t at = 0;
  while (at < in.size() && chunk.size() < kChunkBytes) {
    const std::uint8_t flags = in[at++];
    for (unsigned i = 0; i < 8 && at < in.size() && chunk.size() < kChunkBytes; ++i) {
      if ((flags >> i & 1) == 0) {
        chunk += static_cast<char>(in[at++]);
      } else {
        copy_token(read_16(in, at), chunk);
        at += 2;
      }
    }
  }
  return chunk;
}

std::string expand(ByteView in) {
  std::string source;
  std::size_t at = 1;
  while (at + 2 <= in.size() && source.size() < kSourceMax) {
    const std::uint32_t header = read_16(in, at);
    const std::size_t size = (header & 0x0fff) + 1;
    const ByteView data = slice(in, at + 2, size);
    source += (header & 0x8000) != 0 ? expand_chunk(data) : std::string(as_text(data));
    at += 2 + size;
  }
  return source;
}

}  // namespace

// Every module begins with "Attribute VB_Name"; the first eight letters are never compressed.
std::string vba_source(ByteView stream) {
  constexpr std::string_view kStart{"\0Attribut", 9};
  const std::size_t at = as_text(stream).find(kStart);
  return at == std::string_view::npos || at < 3 ? std::string() : expand(stream.subspan(at - 3));
}

bool runs_when_opened(std::string_view source) {
  std::string lower(source);
  std::ranges::transform(lower, lower.begin(), ascii_lower);
  for (const std::string_view name :
       {"sub autoopen", "sub auto_open", "sub autoexec", "sub autoclose", "sub auto_close",
        "sub document_open", "sub document_close", "sub workbook_open", "sub workbook_activate",
        "sub workbook_beforeclose", "_painted(", "_layout("})
    if (lower.find(name) != lower.npos) return true;
  return false;
}

}  // namespace sluice::scan::attachment
