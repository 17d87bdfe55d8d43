// What a scan concludes: the score, the SCL (spam confidence level, -1 to 9) and the rules that
// hit.
#pragma once

#include <array>
#include <cstdint>

namespace sluice::scan {

inline constexpr std::size_t kHitsMax = 64;  // named in the report; the score counts all

// Why a message is refused whatever its score.
enum class Refusal : std::uint8_t {
  none,
  attachment,
  no_room,  // a part is to be taken out, and now there is no room for that
};

struct Verdict {
  std::int8_t scl = 0;
  double score = 0;
  std::uint16_t hit_count = 0;  // entries of `hits`
  std::uint16_t hit_total = 0;  // rules that hit, also those beyond `hits`
  bool hits_truncated = false;
  bool allowed = false;    // a phrase of scan.allow_phrases outweighed all else
  bool blocked = false;    // one of scan.block_phrases was found
  bool malformed = false;  // its form is not what MIME says: mime::Anomalies
  bool limited = false;    // a limit left a part of it unscanned
  bool strips = false;     // an attachment rule takes parts out: Scanner::cuts()
  Refusal refusal = Refusal::none;
  std::array<std::uint16_t, kHitsMax> hits{};  // rule indexes: rules, then attachments
};

}  // namespace sluice::scan
