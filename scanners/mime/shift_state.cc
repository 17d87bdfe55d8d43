#include "scanners/mime/shift_state.h"

#include <algorithm>

#include "scanners/mime/charset_names.h"

namespace sluice::scan::mime {
namespace {

constexpr char kEscape = 0x1b;
constexpr char kShiftOut = 0x0e;
constexpr char kShiftIn = 0x0f;

// ISO 2022: ESC, intermediate octets, a final one.
std::size_t escape_size(std::string_view in) noexcept {
  std::size_t at = 1;
  while (at < in.size() && in[at] >= 0x20 && in[at] <= 0x2f) ++at;
  return at + 1;
}

ShiftCut cut_iso2022(std::string_view in) noexcept {
  std::string_view set;   // the designation of what is written with plain octets
  std::string_view high;  // that of what single shifts stand before
  bool out = false;       // shifted out: Korean
  std::size_t at = 0;
  while (at < in.size()) {
    const std::string_view rest = in.substr(at);
    std::size_t size = 1;
    if (rest.front() == kEscape) {
      size = rest.substr(1).starts_with('N') ? 3 : escape_size(rest);
    } else if (rest.front() > ' ' && (out || set.find('$') != set.npos)) {
      size = 2;
    }
    if (size > rest.size()) break;
    const std::string_view one = rest.substr(0, size);
    const std::string_view kind = one.substr(1);
    if (one.front() == kShiftOut || one.front() == kShiftIn) out = one.front() == kShiftOut;
    if (one.front() == kEscape && kind.starts_with('.')) high = one;
    if (one.front() == kEscape && (kind.starts_with('(') || kind.starts_with('$')) &&
        !kind.starts_with("$)"))
      set = one;
    at += size;
  }
  ShiftCut cut{.size = at};
  for (const std::string_view designation : {set, high})
    if (designation.size() <= 4) cut.shift.append(designation);
  if (out) cut.shift.append({&kShiftOut, 1});
  return cut;
}

int base64_value(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// Within base64 every eight octets end with a UTF-16 unit; a pair of surrogates stays together.
ShiftCut cut_utf7(std::string_view in) noexcept {
  ShiftCut cut;
  bool shifted = false;
  unsigned digits = 0;
  unsigned unit = 0;
  for (std::size_t at = 0; at < in.size(); ++at) {
    const int value = base64_value(in[at]);
    if (shifted && value >= 0) {
      unit = (unit << 6 | static_cast<unsigned>(value)) & 0xffff;
      const bool goes_on = at + 1 < in.size() && base64_value(in[at + 1]) >= 0;
      if (++digits % 8 != 0 || (unit >= 0xd800 && unit < 0xdc00) || !goes_on) continue;
    } else if (!shifted && in[at] == '+') {
      shifted = true;
      digits = 0;
      continue;
    } else {
      shifted = false;
    }
    cut.size = at + 1;
    cut.shift.assign(shifted ? "+" : "");
  }
  return cut;
}

}  // namespace

ShiftCut last_shift_cut(Charset charset, ByteView in) noexcept {
  return charset == kUtf7 ? cut_utf7(as_text(in)) : cut_iso2022(as_text(in));
}

}  // namespace sluice::scan::mime
