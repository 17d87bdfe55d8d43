#include "scanners/uri/host.h"

#include <idn2.h>
#include <libpsl.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "engine/base/bytes.h"

namespace sluice::scan::uri {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_host_octet(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
}

// One number of an address: decimal, octal with a leading 0, hexadecimal with 0x.
std::optional<std::uint64_t> read_number(std::string_view text) noexcept {
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const bool hexadecimal = text[1] == 'x' || text[1] == 'X';
    base = hexadecimal ? 16 : 8;
    text.remove_prefix(hexadecimal ? 2 : 1);
    if (text.empty()) return 0;
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

// Deletes what libidn2 allocates.
struct Free {
  void operator()(void* memory) const noexcept { idn2_free(memory); }
};

bool convert(std::string_view host, HostText& out) noexcept {
  HostText terminated;
  terminated.assign(host.substr(0, kHostBytes - 1));
  terminated.append(std::string_view("\0", 1));
  void* converted = nullptr;
  const int result =
      idn2_to_ascii_8z(terminated.view().data(), reinterpret_cast<char**>(&converted),
                       IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  const std::unique_ptr<void, Free> owned(converted);
  if (result != IDN2_OK) return false;
  out.assign(static_cast<const char*>(converted));
  return true;
}

}  // namespace

std::optional<std::uint32_t> read_address(std::string_view host) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  std::uint64_t address = 0;
  for (int parts = 1; parts <= 4; ++parts) {
    const std::size_t dot = host.find('.');
    const auto number = read_number(host.substr(0, dot));
    if (!number || host.empty()) return {};
    if (dot == host.npos) {  // the last number fills what is left
      const int left = 8 * (5 - parts);
      if (*number >> left != 0) return {};
      return static_cast<std::uint32_t>(address << left | *number);
    }
    if (*number > 255) return {};
    address = address << 8 | *number;
    host.remove_prefix(dot + 1);
  }
  return {};
}

bool to_ascii(std::string_view host, HostText& out) noexcept {
  out.clear();
  if (host.size() >= kHostBytes) return false;
  if (std::ranges::any_of(host, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    if (!convert(host, out)) return false;
  } else {
    for (const char c : host) {
      const char lower = ascii_lower(c);
      out.append({&lower, 1});
    }
  }
  std::string_view name = out.view();
  while (name.ends_with('.')) name.remove_suffix(1);
  out.truncate(name.size());
  return !name.empty() && name.front() != '.' && name.find("..") == name.npos &&
         std::ranges::all_of(name, is_host_octet);
}

bool mixes_scripts(std::string_view host) noexcept {
  bool latin = false;
  bool other = false;
  for (std::size_t i = 0; i < host.size(); ++i) {
    const auto octet = static_cast<std::uint8_t>(host[i]);
    if (octet == '.') latin = other = false;
    const char lower = ascii_lower(host[i]);
    latin = latin || (lower >= 'a' && lower <= 'z');
    other = other || (octet >= 0xcd && octet <= 0xd4);  // U+0370 to U+052F: Greek, Cyrillic
    if (latin && other) return true;
  }
  return false;
}

bool has_known_suffix(std::string_view host) noexcept {
  const std::string_view label = host.substr(host.rfind('.') + 1);
  if (label.empty() || label.size() == host.size() || label.size() >= kHostBytes) return false;
  HostText terminated;
  terminated.assign(label);
  terminated.append(std::string_view("\0", 1));
  return psl_is_public_suffix2(psl_builtin(), terminated.view().data(),
                               PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
}

}  // namespace sluice::scan::uri
