// The receiver against the reference, in pieces that the first octet of the input chooses.
#include <cstdlib>
#include <vector>

#include "engine/smtp/data_receiver.h"
#include "tests/smtp/data_reference.h"

using namespace sluice;
using namespace sluice::smtp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + input[0] % 97, room = 1 + input[0] % 89;
  const auto mode = input[0] % 2 == 0 ? BareNewlineMode::reject : BareNewlineMode::normalise;
  const std::string_view data = as_text({input + 1, size - 1});
  DataReceiver receiver;
  receiver.start(mode);
  std::string message;
  std::size_t consumed = 0;
  bool end = false;
  while (!end && consumed < data.size()) {
    std::vector<std::uint8_t> out(room);
    const auto step = receiver.receive(as_bytes(data.substr(consumed, piece)), out);
    if (step.consumed == 0 && step.produced == 0) std::abort();
    message += as_text(ByteView(out).first(step.produced));
    consumed += step.consumed;
    end = step.end;
  }
  const ReferenceResult reference = receive_by_the_book(data, mode);
  if (end != reference.end.has_value()) std::abort();
  if (!end) return 0;
  if (consumed != *reference.end || receiver.fault() != reference.fault) std::abort();
  if (reference.fault == DataReceiver::Fault::none && message != reference.message) std::abort();
  return 0;
}
