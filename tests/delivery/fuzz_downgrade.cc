// Messages of arbitrary octets to a peer that lacks something: what is sent keeps its promises, and
// does not depend on how the octets were cut.
#include "engine/delivery/downgrade.h"

using namespace sluice;
using delivery::Downgrade;
using delivery::DowngradeNeeds;

namespace {

std::string convert(std::string_view text, DowngradeNeeds needs, std::size_t step, bool& good) {
  Downgrade downgrade(needs);
  std::string out;
  good = true;
  for (std::size_t at = 0; good && at < text.size(); at += step) {
    good = downgrade.feed(as_bytes(text.substr(at, step)));
    out += as_text(downgrade.output());
    downgrade.consume(downgrade.output().size());
  }
  good = good && downgrade.finish();
  out += as_text(downgrade.output());
  if (good != downgrade.fault().empty()) __builtin_trap();
  return good ? out : std::string(downgrade.fault());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const DowngradeNeeds needs{(data[0] & 1) != 0, (data[0] & 2) != 0};
  const std::size_t step = std::size_t{data[1]} % 64 + 1;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  bool good = false, also_good = false;
  const std::string whole = convert(text, needs, text.size() + 1, good);
  if (convert(text, needs, step, also_good) != whole || good != also_good) __builtin_trap();
  if (!good) return 0;
  if (!needs.seven_bit && whole != text) __builtin_trap();  // only looked at
  if (needs.seven_bit)
    for (const char c : whole)
      if (static_cast<unsigned char>(c) >= 0x80) __builtin_trap();
  // It is 7-bit now, and stays as it is.
  if (needs.seven_bit && convert(whole, needs, step, also_good) != whole) __builtin_trap();
  return 0;
}
