#include "engine/smtp/command.h"

#include <algorithm>
#include <iterator>

#include "engine/base/ascii_text.h"
#include "engine/base/bytes.h"
#include "engine/mail/address.h"
#include "engine/mail/utf8.h"
#include "engine/smtp/parameters.h"

namespace sluice::smtp {

namespace {

constexpr Reply kUnknownCommand{500, "5.5.1", "Command not recognized"};
constexpr Reply kNulOctet{501, "5.5.2", "NUL octet in command"};
constexpr Reply kBadUtf8{501, "5.5.2", "Command is not UTF-8"};
constexpr Reply kMailSyntax{501, "5.5.4", "Syntax: MAIL FROM:<reverse-path> [parameters]"};
constexpr Reply kRcptSyntax{501, "5.5.4", "Syntax: RCPT TO:<forward-path> [parameters]"};
constexpr Reply kEhloSyntax{501, "5.5.4", "Syntax: EHLO hostname"};
constexpr Reply kHeloSyntax{501, "5.5.4", "Syntax: HELO hostname"};
constexpr Reply kBdatSyntax{501, "5.5.4", "Syntax: BDAT chunk-size [LAST]"};
constexpr Reply kVrfySyntax{501, "5.5.4", "Syntax: VRFY address"};
constexpr Reply kDataSyntax{501, "5.5.4", "Syntax: DATA"};
constexpr Reply kRsetSyntax{501, "5.5.4", "Syntax: RSET"};
constexpr Reply kQuitSyntax{501, "5.5.4", "Syntax: QUIT"};
constexpr Reply kStartTlsSyntax{501, "5.5.4", "Syntax: STARTTLS"};

using Problem = std::optional<Reply>;
using Parse = Problem (*)(std::string_view arguments, Command& command) noexcept;

std::string_view trim(std::string_view text) noexcept { return trimmed(text, " "); }

// Any one printable word: what the name is worth is for policy to judge (RFC 5321 4.1.4).
bool is_client_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= mail::kDomainBytesMax &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<std::uint8_t>(c) <= 32 || c == 127; });
}

Problem parse_ehlo(std::string_view arguments, Command& command) noexcept {
  if (!is_client_name(arguments)) return kEhloSyntax;
  command.argument = arguments;
  return std::nullopt;
}

Problem parse_helo(std::string_view arguments, Command& command) noexcept {
  if (!is_client_name(arguments)) return kHeloSyntax;
  command.argument = arguments;
  return std::nullopt;
}

// Takes "FROM:" or "TO:" and the spaces that some clients put behind it.
bool take_prefix(std::string_view& arguments, std::string_view prefix) noexcept {
  if (!equals_ignoring_case(arguments.substr(0, prefix.size()), prefix)) return false;
  arguments = trim(arguments.substr(prefix.size()));
  return !arguments.empty() && arguments.front() == '<';
}

bool ends_word(std::string_view text) noexcept { return text.empty() || text.front() == ' '; }

Problem parse_mail(std::string_view arguments, Command& command) noexcept {
  if (!take_prefix(arguments, "FROM:")) return kMailSyntax;
  const auto path = mail::parse_reverse_path(arguments);
  if (!path) return Reply{501, "5.1.7", mail::describe(path.error())};
  arguments.remove_prefix(path->length);
  if (!ends_word(arguments)) return kMailSyntax;
  command.reverse_path = path->mailbox;
  return parse_mail_parameters(arguments, command);
}

Problem parse_rcpt(std::string_view arguments, Command& command) noexcept {
  if (!take_prefix(arguments, "TO:")) return kRcptSyntax;
  const auto path = mail::parse_forward_path(arguments);
  if (!path) return Reply{501, "5.1.3", mail::describe(path.error())};
  arguments.remove_prefix(path->length);
  if (!ends_word(arguments)) return kRcptSyntax;
  command.recipient.address = path->mailbox;
  return parse_rcpt_parameters(arguments, command);
}

Problem parse_bdat(std::string_view arguments, Command& command) noexcept {
  const std::size_t space = std::min(arguments.find(' '), arguments.size());
  const auto count = parse_octet_count(arguments.substr(0, space));
  const std::string_view rest = trim(arguments.substr(space));
  if (!count || (!rest.empty() && !equals_ignoring_case(rest, "LAST"))) return kBdatSyntax;
  command.chunk_bytes = *count;
  command.last_chunk = !rest.empty();
  return std::nullopt;
}

Problem parse_vrfy(std::string_view arguments, Command& command) noexcept {
  if (arguments.empty()) return kVrfySyntax;
  command.argument = arguments;
  return std::nullopt;
}

template <const Reply& Syntax>
Problem parse_nothing(std::string_view arguments, Command&) noexcept {
  return arguments.empty() ? Problem() : Problem(Syntax);
}

Problem parse_anything(std::string_view, Command&) noexcept { return std::nullopt; }

struct SyntaxRow {
  std::string_view name;
  Verb verb;
  Parse parse;
};

constexpr SyntaxRow kSyntax[] = {
    {"EHLO", Verb::ehlo, parse_ehlo},
    {"HELO", Verb::helo, parse_helo},
    {"MAIL", Verb::mail, parse_mail},
    {"RCPT", Verb::rcpt, parse_rcpt},
    {"DATA", Verb::data, parse_nothing<kDataSyntax>},
    {"BDAT", Verb::bdat, parse_bdat},
    {"RSET", Verb::rset, parse_nothing<kRsetSyntax>},
    {"NOOP", Verb::noop, parse_anything},
    {"HELP", Verb::help, parse_anything},
    {"QUIT", Verb::quit, parse_nothing<kQuitSyntax>},
    {"VRFY", Verb::vrfy, parse_vrfy},
    {"EXPN", Verb::expn, parse_anything},
    {"ETRN", Verb::etrn, parse_anything},
    {"STARTTLS", Verb::starttls, parse_nothing<kStartTlsSyntax>},
};
static_assert(std::size(kSyntax) == kVerbCount);

}  // namespace

std::expected<Command, CommandProblem> parse_command(std::string_view line) noexcept {
  const std::size_t space = std::min(line.find(' '), line.size());
  const auto row =
      std::find_if(std::begin(kSyntax), std::end(kSyntax), [&](const SyntaxRow& candidate) {
        return equals_ignoring_case(candidate.name, line.substr(0, space));
      });
  const bool known = row != std::end(kSyntax);
  const bool out_of_step = known && row->verb == Verb::bdat;
  const auto problem = [&](const Reply& reply) {
    return std::unexpected(CommandProblem{reply, out_of_step});
  };
  if (line.find('\0') != std::string_view::npos) return problem(kNulOctet);
  if (!mail::is_utf8(line)) return problem(kBadUtf8);
  if (!known) return problem(kUnknownCommand);
  Command command{.verb = row->verb};
  if (const auto reply = row->parse(trim(line.substr(space)), command)) return problem(*reply);
  return command;
}

}  // namespace sluice::smtp
