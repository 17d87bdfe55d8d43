#include "tests/tcp_script/profile.h"

#include <algorithm>

namespace sluice::script {
namespace {

constexpr std::string_view kStandard =
    "sack=1,ts=1,wscale=8,ecn=0,iw=10,cc=cubic,quickack=1,delack_ms=40,rto_init_ms=1000,"
    "rto_min_ms=200,rack=1,tlp=1";

// What is found in a command, and the option that means the same.
struct Setting {
  std::string_view command;
  std::string_view option;
};

constexpr Setting kSettings[] = {
    {"net.inet.tcp.rfc1323=0", ",ts=0,wscale=0"},
    {"net.inet.tcp.sack.enable=0", ",sack=0"},
    {"net.inet.tcp.ecn.enable=1", ",ecn=1"},
    {"net.inet.tcp.syncookies=0", ",syncookies=0"},
    {"net.inet.tcp.syncookies_only=1", ",syncookies=1"},
    {"net.inet.tcp.delacktime=40", ",delack_ms=40"},
    {"tcp_timestamps=0", ",ts=0"},
    {"tcp_sack=0", ",sack=0"},
    {"tcp_window_scaling=0", ",wscale=0"},
    {"tcp_ecn=1", ",ecn=1"},
    {"tcp_slow_start_after_idle=0", ",idle_restart=0"},
    {"tcp_slow_start_after_idle=1", ",idle_restart=1"},
    {"tcp_syncookies=2", ",syncookies=1"},
    {"tcp_congestion_control=reno", ",cc=reno"},
    {"tcp_congestion_control=cubic", ",cc=cubic"},
    {"tcp_recovery=0", ",rack=0"},
    {"tcp_early_retrans=0", ",tlp=0"},
};

std::string option(const Script& script, const std::string& name, const std::string& otherwise) {
  const auto found = script.options.find(name);
  return found == script.options.end() ? otherwise : found->second;
}

}  // namespace

Profile profile_of(const Script& script) {
  Profile profile;
  profile.stack_options = kStandard;
  for (const Event& event : script.events) {
    const auto* command = std::get_if<Command>(&event.what);
    if (command == nullptr) continue;
    for (const Setting& setting : kSettings)
      if (command->text.find(setting.command) != std::string::npos)
        profile.stack_options += setting.option;
  }
  const std::string version = option(script, "ip_version", "ipv4");
  profile.v6 = version == "ipv6";
  profile.mapped = version == "ipv4-mapped-ipv6";
  profile.local = option(script, "local_ip", profile.v6 ? "fd3d:fa7b:d17d::1" : "192.168.0.1");
  profile.remote = option(script, "remote_ip", profile.v6 ? "2001:db8::1" : "192.0.2.1");
  profile.mtu = static_cast<std::uint32_t>(std::stoul(option(script, "mtu", "1500")));
  profile.tolerance_us = std::stoll(option(script, "tolerance_usecs", "4000"));
  return profile;
}

}  // namespace sluice::script
