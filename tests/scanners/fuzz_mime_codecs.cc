// Base64 by every kernel against the portable one, transfer encodings in any chunks, encoded words
// and parameters of any field.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "scanners/mime/encoded_word.h"
#include "scanners/mime/entity.h"
#include "scanners/mime/transfer_decoder.h"
#include "scanners/uri/canonical.h"

namespace {

using namespace sluice;
using namespace sluice::scan::mime;

std::string decode(const Base64Kernel& kernel, ByteView in, std::size_t chunk) {
  Base64Decoder decoder(kernel);
  decoder.begin();
  std::string all;
  std::array<std::uint8_t, 100> out;
  for (; !in.empty(); in = in.subspan(std::min(chunk, in.size()))) {
    ByteView piece = in.first(std::min(chunk, in.size()));
    while (!piece.empty()) all += as_text({out.data(), decoder.decode(piece, out)});
  }
  return all + std::string(as_text({out.data(), decoder.finish(out)}));
}

std::string undo(TransferEncoding encoding, ByteView in, std::size_t chunk) {
  TransferDecoder decoder;
  decoder.begin(encoding);
  std::string all;
  std::array<std::uint8_t, 64> room;
  const auto take = [&](ByteView octets) { all += as_text(octets); };
  for (; !in.empty(); in = in.subspan(std::min(chunk, in.size())))
    decoder.feed(in.first(std::min(chunk, in.size())), room, take);
  decoder.finish(room, take);
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto workspace = std::make_unique<Workspace>();
  if (size < 1) return 0;
  const std::size_t chunk = 1 + data[0];
  const ByteView in{data + 1, size - 1};
  const std::string expected = decode(*base64_kernels().back(), in, SIZE_MAX);
  for (const Base64Kernel* kernel : base64_kernels())
    if (decode(*kernel, in, chunk) != expected) std::abort();
  for (const auto encoding : {TransferEncoding::quoted_printable, TransferEncoding::uuencode})
    if (undo(encoding, in, chunk) != undo(encoding, in, SIZE_MAX)) std::abort();
  const std::string_view field = as_text(in).substr(0, kFieldPieceBytes);
  decode_field(field, *workspace);
  Entity entity;
  for (const char* name : {"content-type", "content-disposition", "content-transfer-encoding"}) {
    entity.reset(MediaKind::text);
    entity.note_field(name, field);
    entity.end();
  }
  sluice::scan::uri::Canonical canonical;
  if (sluice::scan::uri::canonicalize(as_text(in), canonical) && canonical.text.view().empty())
    std::abort();
  return 0;
}
