// Command lines through the reader and the parser: no crash, and the pieces make no difference.
#include <cstdlib>

#include "engine/smtp/command.h"
#include "engine/smtp/line_reader.h"

using namespace sluice;

namespace {

// A fingerprint of everything that was read.
std::uint64_t read_all(std::string_view input, std::size_t piece) {
  smtp::LineReader reader;
  std::uint64_t print = 0;
  while (!input.empty()) {
    const auto line = reader.read(as_bytes(input.substr(0, piece)));
    if (line.consumed == 0) std::abort();
    input.remove_prefix(line.consumed);
    if (line.status == smtp::LineReader::Status::partial) continue;
    print = print * 31 + static_cast<std::uint64_t>(line.status);
    if (line.status != smtp::LineReader::Status::whole) continue;
    const auto command = smtp::parse_command(line.text);
    print = print * 31 +
            (command ? static_cast<std::uint64_t>(command->verb) : command.error().reply.code);
    print = print * 31 + line.text.size();
  }
  return print;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = as_text({data, size});
  const std::uint64_t whole = read_all(input, SIZE_MAX);
  if (read_all(input, 1) != whole || read_all(input, 7) != whole) std::abort();
  return 0;
}
