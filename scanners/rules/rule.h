// One rule of the content scan, and the parts of a message that rules look at.
#pragma once

#include <cstdint>
#include <string>

#include "scanners/hyperscan/database.h"

namespace sluice::scan {

enum class PlaceKind : std::uint8_t {
  header,  // the message's header, a line "name: value" per field: name in lower case, value
           // unfolded and its encoded words decoded to UTF-8, lines ending in LF
  part,    // the same of the body parts and of attached messages
  body,    // the text parts one after the other, decoded to UTF-8, line ends as sent (CRLF)
  raw,     // the octets of the message as they came
  field,   // the values of one named header field, one a line; "^" and "$" are at each value's ends
};

struct Place {
  PlaceKind kind = PlaceKind::body;
  std::string field;  // in lower case, for PlaceKind::field
  bool operator==(const Place&) const = default;
};

struct Rule {
  std::string name;
  std::string description;
  Place place;
  hyperscan::Expression expression;
  double score = 0;
  std::string file;
  int line = 0;  // of the rule
  int expression_line = 0;
  int expression_column = 0;
};

inline constexpr std::size_t kRulesMax = 65'535;
inline constexpr std::size_t kFieldPlacesMax = 32;  // header fields with rules of their own
inline constexpr std::size_t kRuleNameBytes = 48;
inline constexpr double kRuleScoreMax = 1'000;

}  // namespace sluice::scan
