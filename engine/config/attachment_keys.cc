#include "engine/config/attachment_keys.h"

#include <algorithm>
#include <cmath>

#include "engine/base/bytes.h"
#include "engine/base/ip_address.h"
#include "engine/config/kinds.h"

namespace sluice::config {
namespace {

constexpr double kScoreMax = 10'000;
constexpr std::size_t kRuleNameBytesMax = 64;

std::string_view rule_name_fault(std::string_view text) {
  const bool fine =
      !text.empty() && text.size() <= kRuleNameBytesMax && std::ranges::all_of(text, [](char c) {
        const char lower = ascii_lower(c);
        return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_';
      });
  const bool digit = fine && text.front() >= '0' && text.front() <= '9';
  return fine && !digit && !text.starts_with("__") ? std::string_view() : "is not such a name";
}

std::string_view digest_fault(std::string_view text) {
  const bool fine = text.size() == 64 && std::ranges::all_of(text, [](char c) {
                      const char lower = ascii_lower(c);
                      return (lower >= 'a' && lower <= 'f') || (c >= '0' && c <= '9');
                    });
  return fine ? std::string_view() : "is not 64 hexadecimal digits";
}

// A score may have a fraction.
Value<AttachmentRule> score_value() {
  return {fmt::format("number -{0}..{0}", kScoreMax),
          [](const Node& node, AttachmentRule& out) -> ReadResult {
            const bool whole = node.type == Node::Type::integer;
            if (!whole && node.type != Node::Type::real)
              return std::unexpected(not_a(node, "a number"));
            const double value = whole ? static_cast<double>(node.integer) : node.real;
            if (!(std::abs(value) <= kScoreMax)) return std::unexpected(not_a(node, "in range"));
            out.score = value;
            return {};
          },
          [](const AttachmentRule& from) { return fmt::format("{}", from.score); }};
}

std::string_view server_fault(std::string_view text) {
  return text.starts_with('/') || Endpoint::parse(text) ? std::string_view() : "is neither";
}

// What becomes of a message that is not scanned.
Value<Antivirus> unscanned(Unscanned Antivirus::* member) {
  return choice(
      member,
      {{"mark", Unscanned::mark}, {"defer", Unscanned::defer}, {"reject", Unscanned::reject}});
}

}  // namespace

std::vector<Key<AttachmentRule>> attachment_rule_keys() {
  return {
      {"name",
       text(&AttachmentRule::name, "letters, digits and '_', at most 64, no digit first",
            rule_name_fault),
       "what reports call this rule", Need::required},
      {"file_name",
       texts(&AttachmentRule::file_names, "patterns with '*' for any text", empty_fault),
       "names of the file, case does not count; empty = any"},
      {"declared",
       texts(&AttachmentRule::declared, "patterns of media types, \"image/*\"", empty_fault),
       "what the message says that it is; files in archives say nothing; empty = anything"},
      {"type",
       texts(&AttachmentRule::types,
             "types and groups: \"pe\", \"zip\", … \"program\", \"document\", \"archive\", "
             "\"disk-image\", \"picture\", \"media\"",
             empty_fault),
       "what it is by its content; empty = anything"},
      {"sha256", texts(&AttachmentRule::sha256, "64 hexadecimal digits each", digest_fault),
       "SHA-256 of its decoded octets; empty = any"},
      {"size_min", size(&AttachmentRule::size_min, 0, 1ULL << 40), "decoded octets at least"},
      {"size_max", size(&AttachmentRule::size_max, 0, 1ULL << 40), "decoded octets at most"},
      {"action",
       choice(&AttachmentRule::action, {{"score", AttachmentAction::score},
                                        {"tag", AttachmentAction::tag},
                                        {"reject", AttachmentAction::reject},
                                        {"strip", AttachmentAction::strip}}),
       "what a message with such a file gets: a score, its name in the report, a 550, or a note "
       "instead of the part that the file is or is in"},
      {"score", score_value(), "what action = \"score\" adds"},
  };
}

std::vector<Key<Examination>> examination_keys() {
  return {
      {"threads", integer(&Examination::threads, 1, 256),
       "threads that look into files and talk to anti-virus engines, one message each; they run on "
       "the offload CPUs where there are some"},
      {"blocks_max", integer(&Examination::blocks_max, 16, 16'777'216),
       "message blocks of each worker that wait for their examination at once, half of "
       "memory.blocks at most; a message that finds none left counts as not scanned"},
      {"unpack", boolean(&Examination::unpack),
       "look into archives, documents and disk images; what is found are rules ATTACH_…"},
      {"depth_max", integer(&Examination::depth_max, 1, 32),
       "files in files; beyond it ATTACH_TOO_DEEP"},
      {"files_max", integer(&Examination::files_max, 1, 1'000'000),
       "files of one message that are opened; beyond it ATTACH_LIMIT"},
      {"expanded_max", size(&Examination::expanded_max, 1024 * 1024, 1ULL << 36),
       "octets that the files of one message may expand to, which is what a thread needs of "
       "memory at most; beyond it ATTACH_LIMIT"},
      {"ratio_max", integer(&Examination::ratio_max, 10, 100'000),
       "how many times larger than the message its files may become, above 32 MiB; beyond it "
       "ATTACH_BOMB"},
      {"time_max", duration(&Examination::time_max, milliseconds(100), minutes(5)),
       "time for the files of one message; beyond it ATTACH_LIMIT"},
  };
}

std::vector<Key<Antivirus>> antivirus_keys() {
  return {
      {"engine",
       choice(&Antivirus::engine, {{"none", VirusEngine::none},
                                   {"clamd", VirusEngine::clamd},
                                   {"icap", VirusEngine::icap}}),
       "the anti-virus engine that every message is shown to"},
      {"server",
       text(&Antivirus::server, "a path, or an address with TCP port, \"127.0.0.1:3310\"",
            server_fault),
       "where it listens; each thread of [examination] has a connection of its own"},
      {"icap_service", text(&Antivirus::icap_service, "a path", empty_fault),
       "what is asked for of an ICAP server (RFC 3507), icap://server/icap_service"},
      {"icap_method",
       choice(&Antivirus::icap_method,
              {{"respmod", IcapMethod::respmod}, {"reqmod", IcapMethod::reqmod}}),
       "how it is shown a file: as what a web server answers, or as what somebody uploads"},
      {"connect_timeout", duration(&Antivirus::connect_timeout, milliseconds(100), minutes(1)),
       "wait for a connection"},
      {"timeout", duration(&Antivirus::timeout, seconds(1), minutes(5)),
       "longest time for all scans of one message; its sender waits that long"},
      {"on_virus",
       choice(&Antivirus::on_virus, {{"reject", OnVirus::reject}, {"tag", OnVirus::tag}}),
       "what becomes of a message with a virus: a 550, or the score of the rule VIRUS"},
      {"on_failure", unscanned(&Antivirus::on_failure),
       "what becomes of a message that could not be scanned: it is marked VIRUS_NOT_SCANNED and "
       "goes on, its sender is told to try again (451), or it is refused (554)"},
      {"on_too_large", unscanned(&Antivirus::on_too_large),
       "the same for one that is too large to be scanned; \"defer\" makes its sender try in vain"},
      {"message_bytes_max", size(&Antivirus::message_bytes_max, 64 * 1024, 1ULL << 32),
       "largest message that is scanned; not above StreamMaxLength of clamd, nor what blocks_max "
       "of "
       "[examination] or half of memory.blocks hold"},
      {"cache_entries", integer(&Antivirus::cache_entries, 0, 10'000'000),
       "attachments whose verdict is remembered until the engine has a new database"},
  };
}

}  // namespace sluice::config
