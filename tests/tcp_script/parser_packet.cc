// Packets: flags, numbers, window, options; ICMP with what it quotes.
#include "tests/tcp_script/parser.h"

namespace sluice::script {
namespace {

std::uint8_t parse_flags(Cursor& in) {
  if (in.accept("-")) return 0;
  std::uint8_t flags = 0;
  in.skip_blanks();
  const std::string letters = in.take_while("FSRPUEWC.");
  if (letters.empty()) in.fail("TCP flags are expected");
  for (const char letter : letters) {
    switch (letter) {
      case 'F': flags |= kFin; break;
      case 'S': flags |= kSyn; break;
      case 'R': flags |= kRst; break;
      case 'P': flags |= kPsh; break;
      case '.': flags |= kAck; break;
      case 'U': flags |= kUrg; break;
      case 'E': flags |= kEce; break;
      default: flags |= kCwr; break;
    }
  }
  return flags;
}

// [ect0], [ce], [noecn] …; (tos 0x1), (ttl 4) and the like belong to IP and are not followed.
void parse_marks(Cursor& in, TcpPacket& packet) {
  if (in.accept("[")) {
    const std::string mark = in.until("]");
    packet.ecn_given = true;
    if (mark == "ect0") {
      packet.ecn = 2;
    } else if (mark == "ect1") {
      packet.ecn = 1;
    } else if (mark == "ce") {
      packet.ecn = 3;
    } else if (mark != "noecn") {
      in.fail("mark \"" + mark + "\" is not known");
    }
  }
  if (in.peek() == '(') in.fail("fields of the IP header are not supported");
}

TcpOption parse_sack(Cursor& in) {
  TcpOption option{.kind = TcpOption::Kind::sack};
  while (in.digit_follows()) {
    TcpOption::Block block;
    block.start = static_cast<std::uint32_t>(in.number());
    in.expect(":");
    block.end = static_cast<std::uint32_t>(in.number());
    option.blocks.push_back(block);
  }
  return option;
}

void parse_option(Cursor& in, TcpPacket& packet) {
  using Kind = TcpOption::Kind;
  const std::string name = in.word();
  if (name == "nop" || name == "eol") return;
  if (name == "mss") {
    packet.options.push_back({.kind = Kind::mss, .value = static_cast<std::uint32_t>(in.number())});
  } else if (name == "wscale") {
    packet.options.push_back(
        {.kind = Kind::window_scale, .value = static_cast<std::uint32_t>(in.number())});
  } else if (name == "sackOK") {
    packet.options.push_back({.kind = Kind::sack_permitted});
  } else if (name == "sack") {
    packet.options.push_back(parse_sack(in));
  } else if (name == "TS") {
    TcpOption option{.kind = Kind::timestamps};
    in.expect("val");
    option.value = static_cast<std::uint32_t>(in.number());
    in.expect("ecr");
    option.echo = static_cast<std::uint32_t>(in.number());
    packet.options.push_back(option);
  } else {
    in.fail("TCP option \"" + name + "\" is not supported");
  }
}

void parse_options(Cursor& in, TcpPacket& packet) {
  if (in.accept("...")) {
    packet.any_options = true;
    return in.expect(">");
  }
  while (!in.accept(">")) {
    parse_option(in, packet);
    if (!in.accept(",")) {
      in.expect(">");
      break;
    }
  }
}

// start:end(length)
void parse_range(Cursor& in, std::uint32_t& start, std::uint32_t& length) {
  start = static_cast<std::uint32_t>(in.number());
  in.expect(":");
  const auto end = static_cast<std::uint32_t>(in.number());
  in.expect("(");
  length = static_cast<std::uint32_t>(in.number());
  in.expect(")");
  if (end - start != length) in.fail("the length does not fit the sequence numbers");
}

}  // namespace

TcpPacket parse_tcp(Cursor& in, bool inbound) {
  TcpPacket packet;
  packet.inbound = inbound;
  parse_marks(in, packet);
  packet.flags = parse_flags(in);
  if (in.accept("...")) {
    packet.any_sequence = true;
    in.expect("(");
    packet.payload = static_cast<std::uint32_t>(in.number());
    in.expect(")");
  } else {
    parse_range(in, packet.sequence, packet.payload);
  }
  if (in.next_char() == '!' || in.next_char() == '/') in.fail("that form is not supported");
  if (in.accept("ack")) packet.ack = static_cast<std::uint32_t>(in.number());
  if (in.accept("win")) packet.window = static_cast<std::uint16_t>(in.number());
  if (in.accept("urg")) packet.urgent = static_cast<std::uint16_t>(in.number());
  if (in.peek() == '/') in.fail("encapsulation is not supported");
  // An option list, unless the next event is meant: "0.1 < S …" begins with its time.
  if (in.accept("<")) parse_options(in, packet);
  if (in.peek() == '/') in.fail("encapsulation is not supported");
  return packet;
}

IcmpPacket parse_icmp(Cursor& in) {
  IcmpPacket packet;
  packet.type = in.word();
  // The next word may already be the time of the next event, which begins with no letter.
  in.skip_blanks();
  const char next = in.next_char();
  const bool letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z');
  if (letter && !in.accept("mtu ")) packet.code = in.word();
  if (packet.code.empty() && letter) {
    packet.mtu = static_cast<std::uint32_t>(in.number());
  } else if (in.accept("mtu")) {
    packet.mtu = static_cast<std::uint32_t>(in.number());
  }
  if (in.accept("[")) {
    parse_range(in, packet.sequence, packet.payload);
    in.expect("]");
  }
  return packet;
}

}  // namespace sluice::script
