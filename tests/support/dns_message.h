// DNS replies made by hand, for tests: names are never compressed unless the test writes a pointer.
#pragma once

#include <string>
#include <string_view>

#include "engine/dns/wire.h"

namespace sluice::dns {

inline std::string word(unsigned value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

inline std::string wire_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    out += static_cast<char>(dot);
    out += name.substr(0, dot);
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return out + '\0';
}

inline std::string record(std::string_view owner, Type type, unsigned ttl, std::string data) {
  return wire_name(owner) + word(static_cast<unsigned>(type)) + word(1) + word(ttl >> 16) +
         word(ttl & 0xffff) + word(static_cast<unsigned>(data.size())) + data;
}
inline std::string a_record(std::string_view owner, unsigned ttl, std::string_view address) {
  const IpAddress ip = *IpAddress::parse(address);
  const auto* octets = reinterpret_cast<const char*>(ip.octets.data());
  return ip.is_v4() ? record(owner, Type::a, ttl, {octets + 12, 4})
                    : record(owner, Type::aaaa, ttl, {octets, 16});
}
inline std::string soa_record(std::string_view owner, unsigned ttl, unsigned minimum) {
  return record(owner, Type::soa, ttl,
                wire_name("ns.test") + wire_name("root.test") + std::string(16, '\1') +
                    word(minimum >> 16) + word(minimum & 0xffff));
}

struct Message {
  unsigned flags = 0x8180;  // QR RD RA
  std::vector<std::string> answers;
  std::vector<std::string> authority;

  std::vector<std::uint8_t> to(const Question& question, std::uint16_t id) const {
    std::string out =
        word(id) + word(flags) + word(1) + word(static_cast<unsigned>(answers.size())) +
        word(static_cast<unsigned>(authority.size())) + word(0) + wire_name(question.name) +
        word(static_cast<unsigned>(question.type)) + word(1);
    for (const std::string& answer : answers) out += answer;
    for (const std::string& record : authority) out += record;
    return {out.begin(), out.end()};
  }
};
inline constexpr unsigned kAuthentic = 0x20;
inline constexpr unsigned kTruncated = 0x200;

}  // namespace sluice::dns
