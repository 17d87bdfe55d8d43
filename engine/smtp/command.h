// One command line as a value: names, parameters and their grammar (RFC 5321 4.1.1 with RFC 1870,
// 6152, 6531, 3461 and 3030). Pure: whether a command may come now is the session's business.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "engine/mail/envelope.h"
#include "engine/smtp/reply.h"

namespace sluice::smtp {

enum class Verb : std::uint8_t {
  ehlo,
  helo,
  mail,
  rcpt,
  data,
  bdat,
  rset,
  noop,
  help,
  quit,
  vrfy,
  expn,
  etrn,
  starttls,
};
inline constexpr std::size_t kVerbCount = 14;

// Views into the line.
struct Command {
  Verb verb{};
  std::string_view argument;          // EHLO, HELO: the client's name; VRFY: what to verify
  std::string_view reverse_path;      // MAIL
  mail::SenderParameters parameters;  // MAIL
  std::uint64_t size = 0;             // MAIL: SIZE=, 0 = not given
  mail::Recipient recipient;          // RCPT
  std::uint64_t chunk_bytes = 0;      // BDAT
  bool last_chunk = false;            // BDAT
};

struct CommandProblem {
  Reply reply;  // texts are static
  // A BDAT whose chunk size cannot be read: nobody knows where the next command begins.
  bool out_of_step = false;
};

std::expected<Command, CommandProblem> parse_command(std::string_view line) noexcept;

}  // namespace sluice::smtp
