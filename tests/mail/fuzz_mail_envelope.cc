// Whatever decodes as an envelope encodes to the same octets again.
#include <cstdlib>

#include "engine/mail/envelope.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::mail;
  const auto decoded = Envelope::decode({data, size});
  if (!decoded) return 0;
  Envelope again;
  again.set_sender(decoded->reverse_path(), decoded->parameters());
  decoded->for_each_recipient([&](std::uint32_t, const Recipient& r) { again.add_recipient(r); });
  if (sluice::as_text(again.encoded()) != sluice::as_text({data, size})) std::abort();
  return 0;
}
