// The device behind `exception = "tap,iface=mgmt0"`: it ends in a kernel interface with the link
// address of the port that it serves, so that the kernel takes what the port's neighbours send.
#pragma once

#include <expected>
#include <string>

#include "engine/net/dpdk/dpdk.h"

namespace sluice::net {

inline constexpr std::uint32_t kExceptionPackets = 1'023;  // per worker; management is little

// Makes the device of the port with this index, after the port has its address. Returns what it is
// opened by.
std::expected<DpdkPortOptions, std::string> make_exception_device(const DpdkPortOptions& port,
                                                                  std::size_t index,
                                                                  const MacAddress& mac,
                                                                  unsigned workers);

}  // namespace sluice::net
