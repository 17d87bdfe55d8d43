#include "tests/tcp_script/icmp_types.h"

#include <span>
#include <stdexcept>

namespace sluice::script {
namespace {

struct Name {
  std::string_view text;
  std::uint8_t number;
};

constexpr Name kTypesV4[] = {
    {"echo_reply", 0},          {"unreachable", 3},
    {"source_quench", 4},       {"redirect", 5},
    {"echo_request", 8},        {"time_exceeded", 11},
    {"parameter_problem", 12},  {"timestamp_request", 13},
    {"timestamp_reply", 14},    {"information_request", 15},
    {"information_reply", 16},  {"address_mask_request", 17},
    {"address_mask_reply", 18},
};
constexpr Name kTypesV6[] = {
    {"unreachable", 1},
    {"packet_too_big", 2},
    {"time_exceeded", 3},
    {"parameter_problem", 4},
    {"echo_request", 128},
    {"echo_reply", 129},
    {"router_advertisement", 134},
};

constexpr Name kCodesV4[] = {
    {"net_unreachable", 0},
    {"host_unreachable", 1},
    {"protocol_unreachable", 2},
    {"port_unreachable", 3},
    {"frag_needed", 4},
    {"source_route_failed", 5},
    {"net_unknown", 6},
    {"host_unknown", 7},
    {"source_host_isolated", 8},
    {"net_prohibited", 9},
    {"host_prohibited", 10},
    {"net_unreachable_for_tos", 11},
    {"host_unreachable_for_tos", 12},
    {"packet_filtered", 13},
    {"precedence_violation", 14},
    {"precedence_cutoff", 15},
    {"ttl_exceeded_in_transit", 0},
    {"exceeded_frag_time", 1},
};
constexpr Name kCodesV6[] = {
    {"no_route", 0},
    {"admin_prohibited", 1},
    {"not_neighbour", 2},
    {"address_unreachable", 3},
    {"port_unreachable", 4},
    {"exceeded_hop_limit", 0},
    {"exceeded_frag_time", 1},
    {"header_field", 0},
    {"unknown_next_header", 1},
    {"unknown_option", 2},
};

// A name of the table, or its number after `prefix`.
std::uint8_t number_of(const std::string& text, std::span<const Name> names,
                       const std::string& prefix) {
  for (const Name& name : names)
    if (name.text == text) return name.number;
  if (text.starts_with(prefix))
    return static_cast<std::uint8_t>(std::stoul(text.substr(prefix.size())));
  throw std::runtime_error("ICMP name \"" + text + "\" is not known");
}

}  // namespace

IcmpNumbers icmp_numbers(const IcmpPacket& packet, bool v6) {
  IcmpNumbers numbers;
  numbers.type =
      v6 ? number_of(packet.type, kTypesV6, "type_") : number_of(packet.type, kTypesV4, "type_");
  if (packet.code.empty()) return numbers;
  numbers.code =
      v6 ? number_of(packet.code, kCodesV6, "code_") : number_of(packet.code, kCodesV4, "code_");
  return numbers;
}

}  // namespace sluice::script
