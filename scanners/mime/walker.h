// Walks the structure of a message while it arrives: header sections, multiparts, nested messages.
// Tells fields and the octets of the leaves, still encoded; the line end before a delimiter belongs
// to the delimiter (RFC 2046 5.1.1). Any chunking tells the same sequence of fields and, joined,
// the same leaf octets. Broken structure never stops it: what cannot be told apart (limits reached)
// comes out as plain text, and a multipart whose delimiter never comes as one part, header and all:
// so many programs show it. Memory is fixed (about 28 KiB and 0.2 KiB per level of depth), time
// linear in the octets.
#pragma once

#include <array>
#include <cstdint>

#include "engine/base/bytes.h"
#include "scanners/mime/boundary_stack.h"
#include "scanners/mime/entity.h"
#include "scanners/mime/field_reader.h"
#include "scanners/mime/long_field.h"
#include "scanners/mime/message_sink.h"

namespace sluice::scan::mime {

// A longer preamble is taken for a part.
inline constexpr std::size_t kPreambleBytes = 8 * 1024;

struct WalkerLimits {
  std::uint32_t depth_max = 20;
  std::uint32_t parts_max = 1'000;
  std::uint32_t header_bytes_max = 256 * 1024;  // per header section; what is behind goes untold
  std::uint32_t header_fields_max = 1'000;      // per header section; what is behind goes untold
};

struct Leaf {
  const Entity& entity;  // to leaf_end(); its anomalies grow
  PartRole role = PartRole::content;
  std::uint32_t depth = 0;
  std::uint64_t section_at = kNowhere;  // octets fed before its header; kNowhere as in Part
  std::uint64_t content_at = 0;         // and before its content
};

class WalkerSink {
 public:
  virtual void field(Section section, const FieldPiece& piece) noexcept = 0;
  virtual void section_end(Section section) noexcept = 0;
  virtual void container(const Entity& entity, std::uint32_t depth) noexcept = 0;
  virtual void leaf_begin(const Leaf& leaf) noexcept = 0;
  virtual void leaf(ByteView octets) noexcept = 0;
  virtual void leaf_end() noexcept = 0;

 protected:
  ~WalkerSink() = default;
};

class Walker final : private FieldSink {
 public:
  explicit Walker(const WalkerLimits& limits) : limits_(limits), boundaries_(limits.depth_max) {}

  void begin() noexcept;
  void feed(ByteView octets, WalkerSink& sink) noexcept;
  void finish(WalkerSink& sink) noexcept;

  std::uint32_t parts() const noexcept { return parts_; }  // delimiters so far
  std::uint32_t depth_reached() const noexcept { return deepest_; }
  Anomalies anomalies() const noexcept { return anomalies_; }  // of all parts so far
  std::uint64_t body_octets() const noexcept { return octets_ - header_octets_; }
  bool unended_header() const noexcept { return unended_header_; }

 private:
  enum class State : std::uint8_t { header, body };

  void field(const FieldPiece& piece) noexcept override;
  void note_field(const FieldPiece& piece) noexcept;
  void begin_header(Section section, MediaKind default_kind) noexcept;
  void begin_part(MediaKind default_kind) noexcept;
  void feed_header(ByteView& in) noexcept;
  void take_stray() noexcept;
  void end_section() noexcept;
  void end_header() noexcept;
  void begin_leaf(PartRole role) noexcept;
  void begin_plain_leaf(PartRole role) noexcept;
  void end_leaf() noexcept;
  ByteView keep_preamble(ByteView octets) noexcept;
  void tell_preamble_as_part() noexcept;
  void feed_body(ByteView& in) noexcept;
  void feed_held(ByteView& in) noexcept;
  void tell_to(ByteView in, std::size_t end) noexcept;
  bool take_delimiter(ByteView line) noexcept;
  void tell_held() noexcept;
  void tell_leaf(ByteView octets) noexcept;
  void tell(ByteView octets) noexcept;
  void check_lines(ByteView octets) noexcept;
  void note(Anomalies anomalies) noexcept { entity_.anomalies.add(anomalies); }
  void note(Anomaly anomaly) noexcept { entity_.anomalies.add(anomaly); }

  WalkerLimits limits_;
  WalkerSink* sink_ = nullptr;  // during a call only
  State state_ = State::header;
  Section section_ = Section::message;
  PartRole role_ = PartRole::content;
  bool in_leaf_ = false;
  bool leaf_told_ = false;    // leaf_begin() has been called; empty preambles never are
  bool skip_line_ = false;    // the rest of a delimiter line that is longer than what is judged
  bool line_judged_ = false;  // the line being read is no delimiter
  std::uint32_t depth_ = 0;   // multiparts and nested messages around the current entity
  std::uint32_t deepest_ = 0;
  std::uint32_t parts_ = 0;
  std::uint32_t fields_told_ = 0;
  std::uint32_t line_octets_ = 0;  // of the leaf's line so far, for its length
  // hold_: a line end and a line that may become a delimiter, not told yet.
  std::uint16_t held_ = 0;
  std::uint16_t held_line_end_ = 0;
  std::uint64_t octets_ = 0;  // fed
  std::uint64_t section_at_ = kNowhere;
  std::uint64_t content_at_ = 0;
  bool section_begins_ = false;      // section_at_ is where the next octet of a header is
  std::uint64_t header_octets_ = 0;  // of the message's header, with the empty line
  bool unended_header_ = false;      // that line is missing
  Anomalies anomalies_;
  FieldReader fields_;
  LongField long_field_;
  Entity entity_;
  BoundaryStack boundaries_;
  std::array<std::uint8_t, kDelimiterBytes + 2> hold_;
  std::uint16_t preamble_octets_ = 0;  // kept until a delimiter says that they are one
  std::array<std::uint8_t, kPreambleBytes> preamble_;
};

}  // namespace sluice::scan::mime
