// A script in memory: options, then events, each with the time at which it happens or is expected.
// The notation is packetdrill's; README.md lists what of it is understood.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sluice::script {

enum TcpFlag : std::uint8_t {
  kFin = 0x01,
  kSyn = 0x02,
  kRst = 0x04,
  kPsh = 0x08,
  kAck = 0x10,
  kUrg = 0x20,
  kEce = 0x40,
  kCwr = 0x80,
};

struct TcpOption {
  enum class Kind : std::uint8_t { mss, window_scale, sack_permitted, sack, timestamps, other };
  struct Block {
    std::uint32_t start = 0;
    std::uint32_t end = 0;
    bool operator==(const Block&) const = default;
  };
  Kind kind = Kind::other;
  std::uint32_t value = 0;    // of MSS and window scale; TS val
  std::uint32_t echo = 0;     // TS ecr
  std::vector<Block> blocks;  // of SACK
  std::string text;           // of what is not understood
};

// Sequence numbers and timestamps are the script's own until the flow translates them.
struct TcpPacket {
  bool inbound = false;
  std::uint8_t flags = 0;
  std::uint8_t ecn = 0;       // the two bits of the IP header
  bool ecn_given = false;     // the script names them
  bool any_sequence = false;  // "..." in the place of the numbers
  std::uint32_t sequence = 0;
  std::uint32_t payload = 0;  // octets
  std::optional<std::uint32_t> ack;
  std::optional<std::uint16_t> window;  // as on the wire
  std::uint16_t urgent = 0;
  bool any_options = false;        // <...>
  std::vector<TcpOption> options;  // without padding
};

struct IcmpPacket {
  std::string type;
  std::string code;  // empty when there is none
  std::uint32_t mtu = 0;
  std::uint32_t sequence = 0;  // of the TCP segment that it quotes
  std::uint32_t payload = 0;
};

// An argument or a result: a number (names and their sums included), text, "..." or a list.
struct Value {
  enum class Kind : std::uint8_t { any, number, text, list, record };
  Kind kind = Kind::any;
  std::int64_t number = 0;
  std::string text;  // as written, for messages; of a name that has no number, that name
  std::vector<Value> items;
  std::vector<std::pair<std::string, Value>> fields;

  const Value* field(const std::string& name) const {
    for (const auto& [key, value] : fields)
      if (key == name) return &value;
    return nullptr;
  }
};

struct Call {
  std::string name;
  std::vector<Value> arguments;
  Value result;
  int error = 0;     // errno when the result is -1
  std::string text;  // as written
};

struct Check {  // %{ … }%
  std::string text;
};

struct Command {  // `…`
  std::string text;
};

// Microseconds. A range is from `at` to `until`; a call that may block begins at `at` and returns
// at `until`.
struct Time {
  enum class Kind : std::uint8_t { absolute, relative, any };
  Kind kind = Kind::absolute;
  std::int64_t at = 0;
  std::optional<std::int64_t> until;
  bool blocks = false;
};

struct Event {
  int line = 0;
  Time time;
  std::variant<TcpPacket, IcmpPacket, Call, Check, Command> what;
};

struct Script {
  std::string path;
  std::vector<std::string> lines;              // for messages
  std::map<std::string, std::string> options;  // --name=value
  std::vector<Event> events;
};

}  // namespace sluice::script
