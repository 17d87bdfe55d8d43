#include "scanners/uri/host.h"

#include <idn2.h>
#include <libpsl.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <initializer_list>
#include <memory>

#include "engine/base/bytes.h"
#include "scanners/mime/octet_search.h"

namespace sluice::scan::uri {
namespace {

constexpr bool is_digit(unsigned octet) noexcept { return octet >= '0' && octet <= '9'; }

// What no host has: other octets, two dots.
constexpr mime::OctetSet kDot = mime::OctetSet::of([](unsigned octet) { return octet == '.'; });
constexpr mime::OctetPattern kNoHost(mime::OctetSet::of([](unsigned octet) {
                                       return !is_digit(octet) && (octet < 'a' || octet > 'z') &&
                                              octet != '-' && octet != '.' && octet != '_';
                                     }),
                                     kDot, kDot);
constexpr mime::OctetPattern kBeyondAscii(mime::OctetSet::of([](unsigned octet) {
                                            return octet >= 0x80;
                                          }),
                                          {}, {});

bool is_suffix(std::string_view label) noexcept {
  HostText terminated;
  terminated.assign(label);
  terminated.append(std::string_view("\0", 1));
  return psl_is_public_suffix2(psl_builtin(), terminated.view().data(),
                               PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
}

// Which labels of two or three letters are top-level domains: nearly all that are met.
class ShortSuffixes {
 public:
  ShortSuffixes() noexcept {
    for (char a = 'a'; a <= 'z'; ++a)
      for (char b = 'a'; b <= 'z'; ++b) {
        note({a, b});
        for (char c = 'a'; c <= 'z'; ++c) note({a, b, c});
      }
  }
  static bool has_place(std::string_view label) noexcept {
    return (label.size() == 2 || label.size() == 3) &&
           std::ranges::all_of(label, [](char c) { return c >= 'a' && c <= 'z'; });
  }
  bool has(std::string_view label) const noexcept { return known_[place_of(label)]; }

 private:
  void note(std::initializer_list<char> letters) noexcept {
    const std::string_view label{letters.begin(), letters.size()};
    known_[place_of(label)] = is_suffix(label);
  }
  static std::size_t place_of(std::string_view label) noexcept {
    std::size_t place = 0;
    for (const char c : label) place = place * 27 + static_cast<std::size_t>(c - 'a' + 1);
    return place;
  }

  std::bitset<27 * 27 * 27> known_;
};

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
  if (host.empty() || !is_digit(static_cast<unsigned char>(host.front()))) return {};
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
  if (find(kBeyondAscii, as_bytes(host)) < host.size()) {
    if (!convert(host, out)) return false;
  } else {
    std::array<char, kHostBytes> lower;
    std::ranges::transform(host, lower.begin(), ascii_lower);
    out.assign({lower.data(), host.size()});
  }
  std::string_view name = out.view();
  while (name.ends_with('.')) name.remove_suffix(1);
  out.truncate(name.size());
  return !name.empty() && name.front() != '.' && find(kNoHost, as_bytes(name)) == name.size();
}

bool mixes_scripts(std::string_view host) noexcept {
  if (find(kBeyondAscii, as_bytes(host)) == host.size()) return false;
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
  static const ShortSuffixes kShort;
  return ShortSuffixes::has_place(label) ? kShort.has(label) : is_suffix(label);
}

}  // namespace sluice::scan::uri
