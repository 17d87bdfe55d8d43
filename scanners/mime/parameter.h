// Reads "token", "/" and ";name=value" of structured MIME fields (RFC 2045 5.1, RFC 2183) and puts
// parameters in pieces together (RFC 2231), leniently: comments are skipped, quotes may be missing
// or never close. What mail programs differ on is noted.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "scanners/mime/anomaly.h"
#include "scanners/mime/bounded_text.h"

namespace sluice::scan::mime {

// One ";name=value" as it stands in the field.
struct RawParameter {
  std::string_view name;   // as written, also "filename*0*"
  std::string_view value;  // within the quotes, or up to ";"
  bool quoted = false;
};

class ParameterReader {
 public:
  explicit ParameterReader(std::string_view field) noexcept : rest_(field) {}

  std::string_view token() noexcept;            // up to white space, "/", ";", "=", "(" or a quote
  bool accept(char c) noexcept;                 // skips white space and comments first
  std::optional<RawParameter> next() noexcept;  // stray text is passed over
  bool at_end() noexcept;                       // white space and comments apart
  Anomalies anomalies() const noexcept { return anomalies_; }

 private:
  void skip_space() noexcept;
  void skip_comment() noexcept;
  std::string_view quoted() noexcept;

  std::string_view rest_;
  Anomalies anomalies_;
};

inline constexpr std::size_t kParameterBytes = 2'048;  // of longer ones the middle is left out
inline constexpr std::size_t kCharsetBytes = 40;
inline constexpr std::array<std::string_view, 4> kKnownParameters{"boundary", "charset", "name",
                                                                  "filename"};

struct ParameterValue {
  BoundedText<kParameterBytes> text;   // quotes, backslashes and %-escapes resolved
  BoundedText<kCharsetBytes> charset;  // of an RFC 2231 value; else empty
};

// Whether anything is made of a parameter of that name: "boundary", "name", "filename*1".
bool is_known_parameter(std::string_view name) noexcept;

// What ends an unquoted value, besides ";".
enum class ValueEnd : std::uint8_t {
  comment,  // and white space
  space,
  semicolon,  // nothing else
};

// The known parameters of one field; views into it.
class ParameterSet {
 public:
  explicit ParameterSet(ParameterReader& reader) noexcept;

  // The pieces of `name` (lower case) in their order. An RFC 2231 form counts before a plain one,
  // the first before a repetition.
  std::optional<ParameterValue> find(std::string_view name,
                                     ValueEnd end = ValueEnd::comment) noexcept;
  Anomalies anomalies() const noexcept { return anomalies_; }

 private:
  struct Piece {
    RawParameter raw;
    std::string_view base;    // the name before "*"
    std::uint16_t index = 0;  // of "name*3"
    bool continued = false;   // has an index
    bool extended = false;    // "name*=" or "name*3*="
  };
  static constexpr std::size_t kContinuedMax = 32;
  static constexpr std::size_t kPiecesMax = kContinuedMax + 2 * kKnownParameters.size();

  void add(const Piece& piece) noexcept;
  static Piece piece_of(const RawParameter& raw) noexcept;
  const Piece* select(std::string_view name, bool continued, std::uint16_t index) noexcept;
  std::string_view text_of(const Piece& piece, ValueEnd end, ParameterValue& value) noexcept;

  std::array<Piece, kPiecesMax> pieces_;
  std::size_t size_ = 0;
  std::size_t continued_ = 0;
  Anomalies anomalies_;
};

}  // namespace sluice::scan::mime
