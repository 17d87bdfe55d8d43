// DNS messages (RFC 1035, RFC 6891): one question out, one reply in. Names and questions are
// written and read by c-ares; the records are walked here, because c-ares 1.18 gives neither TTLs
// nor TLSA. Every loop is bounded by the octets of the message and by kRecordsMax.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/dns/answers.h"

namespace sluice::dns {

inline constexpr std::uint16_t kDatagramBytesMax = 1'232;  // EDNS0, what no path fragments
inline constexpr std::size_t kRecordsMax = 256;            // of one message
inline constexpr std::size_t kChainMax = 8;                // CNAMEs followed

// Recursion desired, EDNS0 with DO (RFC 3225), AD to learn of validation (RFC 6840 5.7).
std::vector<std::uint8_t> make_question(const Question& question, std::uint16_t id);

struct Reply {
  std::uint8_t code = 0;   // RCODE
  bool truncated = false;  // ask again over TCP; the answer is empty
  bool authentic = false;  // AD
  std::uint32_t ttl = 0;   // seconds, of the records or (RFC 2308 5) of their absence
  Answer answer;           // `secure` and `expires` are the resolver's to set
};

inline constexpr std::uint8_t kServerFailure = 2;  // RCODE; of a bogus answer too
inline constexpr std::uint8_t kNameError = 3;

// The error says why this is not a reply to that question: whoever sent it, it counts for nothing.
std::expected<Reply, std::string_view> read_reply(ByteView message, const Question& question,
                                                  std::uint16_t id);

}  // namespace sluice::dns
