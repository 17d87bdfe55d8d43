// Any octets are a file or a list of problems, never a crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const sluice::config::Machine machine{{0, 1, 2, 3}};
  const auto result = sluice::config::load_text(text, "fuzz.toml", machine);
  if (!result && result.error().empty()) std::abort();
  return 0;
}
