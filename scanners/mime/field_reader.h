// Collects one header section line by line into fields (RFC 5322 2.2). A field longer than the
// buffer comes out in pieces, so that memory stays fixed and nothing goes unseen.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"
#include "scanners/mime/anomaly.h"
#include "scanners/mime/bounded_text.h"

namespace sluice::scan::mime {

inline constexpr std::size_t kFieldPieceBytes = 4'096;
// Octets of a field behind its colon, CRLF as one, up to which rules read: as in SpamAssassin, so
// that no expression runs over a field of a megabyte.
inline constexpr std::size_t kFieldReadBytes = 8'192;
// Lines that are no fields within a part's header: so many octets of them are waited with.
inline constexpr std::size_t kStrayBytes = 1'024;

// One field or a piece of it. The views live for the call.
struct FieldPiece {
  std::string_view name;   // as written; of later pieces no more than kept of it
  std::string_view raw;    // behind the colon as it came, no last line end
  std::string_view value;  // unfolded: a line end and the white space behind it are one space
  bool first = true;
  bool last = true;
  bool beyond = false;  // behind the first kFieldReadBytes, where a piece ends
};

class FieldSink {
 public:
  virtual void field(const FieldPiece& piece) noexcept = 0;

 protected:
  ~FieldSink() = default;
};

class FieldReader {
 public:
  enum class Outcome : std::uint8_t {
    more,   // all taken, the section goes on
    blank,  // the blank line: the section is over
    stray,  // a line that is no field ended the section: stray() belongs to what follows. In a
            // part, as for many programs, only when no Content-* field comes soon behind it
  };

  void begin(bool of_part) noexcept;
  Outcome feed(ByteView& in, FieldSink& sink) noexcept;  // `in` keeps what was not taken
  Outcome finish(FieldSink& sink) noexcept;              // the message ended within the section

  // The line that is no field and lines behind it, the last with its line end, or the beginning
  // of one that fills the buffer.
  ByteView stray() const noexcept { return as_bytes({buffer_.data(), used_}); }
  std::size_t seen() const noexcept { return seen_; }  // octets of the section
  Anomalies anomalies() const noexcept { return anomalies_; }

 private:
  Outcome end_line(FieldSink& sink) noexcept;
  Outcome fill_up(FieldSink& sink) noexcept;
  Outcome judge_line(FieldSink& sink) noexcept;
  Outcome judge_stray() noexcept;
  Outcome judge_behind_stray() noexcept;
  void close_field(FieldSink& sink) noexcept;
  void drop_before_line() noexcept;
  void tell(FieldSink& sink, std::size_t size, bool last) noexcept;
  void tell_piece(FieldSink& sink, FieldPiece piece, std::string_view raw) noexcept;
  std::size_t read_of(std::string_view raw) noexcept;
  std::string_view name_of(std::string_view before_colon) noexcept;
  std::string_view unfold(std::string_view raw) noexcept;
  std::string_view line() const noexcept {
    return {buffer_.data() + line_begin_, static_cast<std::size_t>(used_ - line_begin_)};
  }
  bool field_begun() const noexcept { return line_begin_ > 0 || continued_; }

  std::array<char, kFieldPieceBytes> buffer_;  // the field so far, then the line being read
  std::uint16_t used_ = 0;
  std::uint16_t line_begin_ = 0;
  bool continued_ = false;    // a piece of the field has been told
  bool line_judged_ = false;  // the line belongs to the field, its beginning has been told
  bool first_line_ = true;
  bool of_part_ = false;
  bool field_told_ = false;
  bool in_stray_ = false;   // what is before the line are others that are no fields
  bool fold_open_ = false;  // white space at the front of the next piece belongs to a fold
  std::size_t seen_ = 0;
  std::size_t read_ = 0;  // of kFieldReadBytes, of a field in pieces
  Anomalies anomalies_;
  BoundedText<76> name_;                         // of a field in pieces
  std::array<char, kFieldPieceBytes> unfolded_;  // for the call of the sink
};

}  // namespace sluice::scan::mime
