// What the structure of a message says: its parts as their fields declare them, the lines they came
// in, what is broken about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scanners/mime/message_sink.h"

namespace sluice::scan::sa {

inline constexpr std::size_t kMimeNodesMax = 1'100;   // containers and parts that are kept
inline constexpr std::size_t kMimeCharsetBytes = 80;  // of each charset
inline constexpr std::size_t kMimeCharsetsMax = 64;   // different ones

struct MimeNode {
  static constexpr std::uint32_t kNone = ~0U;
  std::string type;  // lower case
  std::uint32_t parent = kNone;
  bool container = false;
  bool attachment = false;
  std::uint64_t octets = 0;  // as sent, of a text part, line ends counted once
};

struct MimeFacts {
  std::uint32_t html_parts = 0;
  std::uint32_t text_parts = 0;  // other text
  std::uint32_t base64_parts = 0;
  std::uint32_t quoted_printable_parts = 0;
  // Of parts in quoted-printable: octets, and characters encoded that need not be.
  std::uint64_t quoted_printable_octets = 0;
  std::uint64_t quoted_printable_needless = 0;
  bool attachment = false;
  bool base64_encoded_text = false;  // in ASCII, which needs no base64
  bool bad_iso_charset = false;
  bool quoted_printable_long_line = false;
  bool ascii_text_illegal = false;  // text in ASCII with octets that are not
  bool epilogue = false;            // text behind the last delimiter
  bool missing_part_header = false;
  bool missing_part_separator = false;  // no empty line behind a part's header
  bool parts_limit = false;
  std::uint64_t text_octets = 0;      // of plain text that is not encoded
  std::uint64_t unicode_escapes = 0;  // "&#x20ac;" in it
  std::uint64_t base64_line_max = 0;
  std::vector<std::string> charsets;  // lower case
};

class MimeEvidence {
 public:
  void begin();
  void field(const mime::HeaderField& field);
  void section_end(mime::Section section);
  void container(std::string_view type, std::uint32_t depth);
  void part_begin(const mime::Part& part);
  void part_raw(ByteView encoded) noexcept;
  void part_end();

  const MimeFacts& facts() const noexcept { return facts_; }
  const std::vector<MimeNode>& nodes() const noexcept { return nodes_; }  // [0] is the message
  bool is_within(std::uint32_t node, std::uint32_t container) const noexcept;
  std::uint32_t current() const noexcept { return current_; }  // the part being read
  // Octets of the last plain text by those of the last HTML, when there are both in a message with
  // multipart/alternative.
  std::optional<double> alternative_ratio() const noexcept;

 private:
  struct Fields {
    bool any = false;
    bool typed = false;
    std::string transfer;     // lower case
    std::string disposition;  // lower case
    std::string type;
  };

  void declare(std::string_view type, std::string_view charset);
  void note_charset(std::string_view charset);
  void note_plain(std::string_view text) noexcept;
  void note_escape(char c) noexcept;
  void note_quoted_lines(std::string_view encoded) noexcept;
  void note_quoted(char c) noexcept;
  void note_literal(std::string_view octets) noexcept;
  void note_lines(std::string_view encoded) noexcept;
  void add_to_line(std::string_view octets, std::uint64_t most) noexcept;
  void end_line() noexcept;
  std::uint32_t add_node(std::string_view type, std::uint32_t depth, bool container);

  MimeFacts facts_;
  std::vector<MimeNode> nodes_;
  std::vector<std::uint32_t> open_;  // containers around, by depth
  Fields fields_, last_;             // of the section being read, and of the part's own
  bool first_part_ = false;          // the section being read is that of a multipart's first part
  bool without_header_ = false;      // it was, and nothing was in it
  std::uint32_t current_ = MimeNode::kNone;
  bool content_ = false;
  bool epilogue_ = false;
  // Of the part being read.
  bool counts_octets_ = false, quoted_printable_ = false, base64_ = false, ascii_ = false,
       plain_ = false;
  bool cr_ = false;
  std::uint8_t quoted_ = 0;   // octets of "=41" that have come
  char high_digit_ = 0;       // its first digit
  std::uint32_t blanks_ = 0;  // encoded blanks at the end of the line so far
  std::uint8_t escape_ = 0;   // octets of "&#xHHHH;" that have come
  std::uint64_t line_ = 0;    // octets of the line so far
};

}  // namespace sluice::scan::sa
