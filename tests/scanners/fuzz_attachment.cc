// Any octets as a file of any name: types, names, archives, documents. Within small limits nothing
// may hang, overrun or hold much memory.
#include <cstdint>

#include "scanners/attachment/unpacker.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::scan::attachment;
  static const AttachmentRules rules;
  const ByteView octets{data, size};
  const std::size_t end = std::min<std::size_t>(find_byte(octets, '\n'), 200);
  const std::string_view name = as_text(octets.first(std::min(end, size)));
  const ByteView content = octets.subspan(std::min(end + 1, size));
  Unpacker unpacker({.depth_max = 4,
                     .files_max = 50,
                     .expanded_max = 4 * 1024 * 1024,
                     .time_max = milliseconds(500)});
  unpacker.examine_file(name, content, rules);
  unpacker.examine({&content, 1}, rules);
  return 0;
}
