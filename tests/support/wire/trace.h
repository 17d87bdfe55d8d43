// What hosts of a simulated network transmit, as a pcap file for tcpdump or Wireshark.
#pragma once

#include <fstream>
#include <string>

#include "tests/support/wire/network.h"

namespace sluice::net::test {

class Trace {
 public:
  explicit Trace(const std::string& path) : file_(path, std::ios::binary) {
    word(0xa1b23c4d);                                                     // nanoseconds
    word(0x00040002);                                                     // version 2.4
    for (const std::uint32_t field : {0u, 0u, 65'535u, 1u}) word(field);  // Ethernet
  }

  // The host and the network live as long as the trace.
  void watch(Host& host, const Timeline& timeline) {
    host.port.on_transmit = [this, &timeline](ByteView frame) { add(timeline.now(), frame); };
  }

 private:
  void add(Instant now, ByteView frame) {
    const auto size = static_cast<std::uint32_t>(frame.size());
    word(static_cast<std::uint32_t>(now.ns / 1'000'000'000));
    word(static_cast<std::uint32_t>(now.ns % 1'000'000'000));
    word(size);
    word(size);
    file_.write(reinterpret_cast<const char*>(frame.data()), size);
  }
  void word(std::uint32_t value) {
    file_.write(reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::ofstream file_;
};

}  // namespace sluice::net::test
