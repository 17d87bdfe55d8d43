// The addresses and names in From, To and their like, read as leniently as mail programs do: what
// ":addr" and ":name" of header rules look at. For SMTP's own paths see engine/mail/address.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::scan::sa {

struct NamedAddress {
  std::string address;  // empty: none, or nothing like one
  std::string name;     // phrase before "<…>", quotes removed, or else the comment; undecoded
  bool has_address = false;
  bool has_name = false;
};

inline constexpr std::size_t kAddressesMax = 1'000;  // of one field; the rest is not read

// `field` is the raw value, folded or not.
std::vector<NamedAddress> parse_addresses(std::string_view field);

}  // namespace sluice::scan::sa
