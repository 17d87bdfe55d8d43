// Walks the structure of a message while it arrives: header sections, multiparts, nested messages.
// Tells fields and the octets of the leaves, still encoded. Any chunking tells the same sequence of
// fields and, joined, the same leaf octets. Broken structure never stops it: what cannot be told
// apart (preamble, epilogue, missing boundaries, limits reached) comes out as one plain text leaf.
// Memory is fixed (about 5 KiB and 0.2 KiB per level of depth), time linear in the octets.
#pragma once

#include <array>
#include <cstdint>

#include "engine/base/bytes.h"
#include "scanners/mime/boundary_stack.h"
#include "scanners/mime/entity.h"
#include "scanners/mime/field_reader.h"

namespace sluice::scan::mime {

struct WalkerLimits {
  std::uint32_t depth_max = 20;
  std::uint32_t parts_max = 1'000;
  std::uint32_t header_bytes_max = 256 * 1024;  // per header section
};

class WalkerSink {
 public:
  virtual void field(Section section, const FieldPiece& piece) noexcept = 0;
  virtual void leaf_begin(const Entity& entity) noexcept = 0;
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

  std::uint32_t parts() const noexcept { return parts_; }

 private:
  enum class State : std::uint8_t { header, body };

  void field(const FieldPiece& piece) noexcept override;
  void begin_header(Section section, MediaKind default_kind) noexcept;
  void feed_header(ByteView& in) noexcept;
  void take_stray() noexcept;
  void end_header() noexcept;
  void begin_leaf() noexcept;
  void begin_plain_leaf() noexcept;
  void end_leaf() noexcept;
  void feed_body(ByteView& in) noexcept;
  void feed_held(ByteView& in) noexcept;
  bool hold(ByteView in, std::size_t at) noexcept;
  bool take_delimiter(ByteView line, ByteView leaf_before) noexcept;
  void tell_leaf(ByteView octets) noexcept;

  WalkerLimits limits_;
  WalkerSink* sink_ = nullptr;  // during a call only
  State state_ = State::header;
  Section section_ = Section::message;
  bool in_leaf_ = false;
  bool at_line_start_ = false;
  bool skip_line_ = false;   // the rest of a delimiter line that is longer than what is judged
  std::uint32_t depth_ = 0;  // multiparts and nested messages around the current entity
  std::uint32_t parts_ = 0;
  std::uint16_t held_ = 0;  // octets of hold_: a line that may become a delimiter
  FieldReader fields_;
  Entity entity_;
  BoundaryStack boundaries_;
  std::array<std::uint8_t, kDelimiterBytes> hold_;
};

}  // namespace sluice::scan::mime
