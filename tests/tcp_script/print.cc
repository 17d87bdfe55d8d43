#include "tests/tcp_script/print.h"

#include <cinttypes>
#include <cstdio>

namespace sluice::script {
namespace {

std::string text_of(const TcpOption& option) {
  using Kind = TcpOption::Kind;
  switch (option.kind) {
    case Kind::mss: return "mss " + std::to_string(option.value);
    case Kind::window_scale: return "wscale " + std::to_string(option.value);
    case Kind::sack_permitted: return "sackOK";
    case Kind::timestamps:
      return "TS val " + std::to_string(option.value) + " ecr " + std::to_string(option.echo);
    case Kind::sack: {
      std::string text = "sack";
      for (const TcpOption::Block& block : option.blocks)
        text += " " + std::to_string(block.start) + ":" + std::to_string(block.end);
      return text;
    }
    case Kind::other: return option.text;
  }
  return "";
}

}  // namespace

std::string seconds_text(std::int64_t us) {
  char text[32];
  std::snprintf(text, sizeof text, "%" PRId64 ".%06" PRId64, us / 1'000'000, us % 1'000'000);
  return text;
}

std::string flags_text(std::uint8_t flags) {
  std::string text;
  constexpr std::pair<std::uint8_t, char> kLetters[] = {{kFin, 'F'}, {kSyn, 'S'}, {kRst, 'R'},
                                                        {kPsh, 'P'}, {kUrg, 'U'}, {kEce, 'E'},
                                                        {kCwr, 'W'}, {kAck, '.'}};
  for (const auto& [flag, letter] : kLetters)
    if ((flags & flag) != 0) text += letter;
  return text.empty() ? "-" : text;
}

std::string text_of(const TcpPacket& packet) {
  std::string text = packet.inbound ? "< " : "> ";
  if (packet.ecn_given) text += "[ecn " + std::to_string(packet.ecn) + "] ";
  text += flags_text(packet.flags) + " ";
  if (!packet.any_sequence)
    text +=
        std::to_string(packet.sequence) + ":" + std::to_string(packet.sequence + packet.payload);
  text += "(" + std::to_string(packet.payload) + ")";
  if (packet.ack) text += " ack " + std::to_string(*packet.ack);
  if (packet.window) text += " win " + std::to_string(*packet.window);
  if (packet.any_options) text += " <...>";
  std::string options;
  for (const TcpOption& option : packet.options)
    options += (options.empty() ? "" : ",") + text_of(option);
  return options.empty() ? text : text + " <" + options + ">";
}

std::string text_of(const IcmpPacket& packet) {
  std::string text = "< icmp " + packet.type + " " + packet.code;
  if (packet.mtu != 0) text += " mtu " + std::to_string(packet.mtu);
  return text + " [" + std::to_string(packet.sequence) + "]";
}

}  // namespace sluice::script
