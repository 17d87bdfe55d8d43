// One rule of SpamAssassin's language, as its author wrote it (Mail::SpamAssassin::Conf, "Rule
// definitions").
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "scanners/spamassassin/pattern/perl_regex.h"

namespace sluice::scan::sa {

// What a rule looks at.
enum class Kind : std::uint8_t {
  header,      // one header field of the message, decoded unless it says ":raw"
  body,        // the text a person reads, Subject first, line by line
  rawbody,     // text parts, transfer encoding undone, in pieces of at most 4 KiB
  full,        // the message as it came
  uri,         // each link
  mimeheader,  // one header field of each part
  meta,        // arithmetic over other rules
  eval,        // a function of the engine
};
const char* name_of(Kind kind) noexcept;

// "From:addr": the field and what of it is wanted.
struct HeaderTarget {
  std::string field;  // as written; ALL, ToCc, MESSAGEID, EnvelopeFrom and X-Spam-Relays-* are made
  bool raw = false;
  bool folded = false;  // of a part: raw with its line ends
  bool address = false;
  bool name = false;
  bool host = false;
  bool domain = false;
  bool ip = false;
  bool reversed_ip = false;
  bool first = false;
  bool last = false;
  bool operator==(const HeaderTarget&) const = default;
};

struct EvalCall {
  std::string function;
  std::vector<std::string> arguments;  // without quotes
  Kind place = Kind::header;           // the directive it was written behind
};

struct RuleFlags {
  bool multiple = false;       // counts its matches …
  std::uint32_t hits_max = 0;  // … up to here; 0: all
  bool net = false;            // needs the network
  bool nice = false;           // speaks for a message
  bool learn = false;          // needs a trained classifier
  bool userconf = false;       // needs the operator's settings
  bool no_autolearn = false;
  bool no_subject = false;       // a body rule that leaves the Subject out
  bool concat = false;           // a mimeheader rule over the fields of all parts joined
  std::uint32_t part_first = 0;  // a mimeheader rule for the parts "range=FIRST-LAST" only
  std::uint32_t part_last = 1'000;
};

inline constexpr std::size_t kScoreSets = 4;  // bit 0: network tests, bit 1: classifier

struct Rule {
  std::string name;
  Kind kind = Kind::body;
  std::string file;
  int line = 0;
  std::string description;
  RuleFlags flags;
  std::array<float, kScoreSets> scores{};
  bool scored = false;  // a `score` line names it

  HeaderTarget target;   // header, mimeheader
  bool exists = false;   // header "exists:Field"
  bool negated = false;  // "!~"
  bool has_unset = false;
  std::string if_unset;  // stands for a missing field when has_unset
  PerlRegex regex;
  EvalCall call;     // eval
  std::string meta;  // the expression

  // A part of other rules: it has no score of its own and is not reported.
  bool helper() const noexcept { return name.starts_with("__"); }
};

inline constexpr std::size_t kRuleNameBytesMax = 128;

}  // namespace sluice::scan::sa
