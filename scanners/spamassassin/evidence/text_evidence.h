// Figures about the text of a message, gathered while its elements go by (see message_sink.h).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanners/mime/bounded_text.h"
#include "scanners/mime/message_sink.h"
#include "scanners/spamassassin/evidence/word_counts.h"

namespace sluice::scan::sa {

inline constexpr std::size_t kMailAddressesMax = 40;         // that are taken from a text
inline constexpr std::size_t kAlternativeWordsMax = 20'000;  // different ones, of one side
inline constexpr std::size_t kAlternativesMax = 16;
inline constexpr std::size_t kAlternativesKept = 2;  // whose memory is kept for other messages

inline constexpr std::size_t kWordRunBytes = 64;  // of a word, hashed at once

struct TextFacts {
  // Of body elements with more than one word.
  std::uint64_t octets = 0;
  std::uint64_t capitals = 0;
  std::uint64_t smalls = 0;          // with digits
  std::uint64_t body_octets = 0;     // of all body elements
  std::uint64_t rawbody_octets = 0;  // of all rawbody elements
  int spaces_percent_max = -1;       // of an element: spaces for each 100 other octets
  std::uint64_t lines = 0;
  std::uint64_t blank_lines = 0;
  std::uint32_t stock_words = 0;       // of those in adverts for shares; a bit each
  std::vector<std::string> addresses;  // mail addresses in the text, lower case
};

// The words that the two sides of one multipart/alternative have.
struct Alternative {
  std::uint32_t container = 0;
  WordCounts html, text;
  std::size_t lacking = 0;  // words of the HTML that the text does not have as often
};

class TextEvidence {
 public:
  void begin();
  void body(std::string_view element);
  void rawbody(std::string_view element) noexcept;
  // The rendered text of the part being read. `alternative`: the container that the part is within,
  // MimeNode::kNone when there is none; `html`: which side it is.
  void part_begin(std::uint32_t alternative, bool html, bool first_plain);
  void rendered(ByteView utf8);
  // `has_image`: of a part in HTML, which then says something even without words.
  void part_end(bool has_image);
  void message_end() noexcept;

  const TextFacts& facts() const noexcept { return facts_; }
  std::span<const Alternative> alternatives() const noexcept {
    return std::span(alternatives_).first(alternatives_used_);
  }

 private:
  void note_case(std::string_view element) noexcept;
  void note_spaces(std::string_view element) noexcept;
  void note_stock_lines(std::string_view text);
  void hold_line(std::string_view text);
  void note_stock(std::string_view line) noexcept;
  Alternative* alternative_of(std::uint32_t container);
  void hold_word(std::string_view begin);
  void end_word(std::string_view end);
  void end_held_word();

  TextFacts facts_;
  std::vector<Alternative> alternatives_;  // for their memory, more than are used
  std::size_t alternatives_used_ = 0;
  WordCounts* words_ = nullptr;  // of the part being read
  bool html_ = false;
  bool stock_ = false;
  // Of a word that goes on: the octets that have come, what is before the last of them hashed.
  mime::BoundedText<kWordRunBytes> word_;
  std::size_t word_hash_ = 0;
  bool word_counts_ = false;  // it has a letter or digit
  std::string line_;          // cut
};

}  // namespace sluice::scan::sa
