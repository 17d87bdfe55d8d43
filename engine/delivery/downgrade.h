// What is sent in the place of a message that the next hop cannot take as it is, octet by octet
// while it is read:
//   * to a peer without 8BITMIME each part whose encoding is "8bit" or "binary" becomes
//     quoted-printable or base64 (RFC 6152 3), multiparts and nested messages become "7bit";
//   * to a peer without SMTPUTF8 the message goes only when its header is ASCII after all.
// What cannot be converted is refused, never changed: a signed part (RFC 1847 2.1), parts of a
// message or a report (RFC 2046 5.2), octets beyond ASCII that no encoding announces.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/delivery/transfer_encoder.h"
#include "scanners/mime/boundary_stack.h"
#include "scanners/mime/entity.h"

namespace sluice::delivery {

struct DowngradeNeeds {
  bool seven_bit = false;     // the peer has no 8BITMIME
  bool ascii_header = false;  // nor SMTPUTF8
  bool any() const noexcept { return seven_bit || ascii_header; }
};

class Downgrade {
 public:
  static constexpr std::size_t kDepthMax = 50;
  static constexpr std::size_t kLineBytesMax = 1'024;   // longer lines go through in pieces
  static constexpr std::size_t kFieldBytesMax = 8'192;  // of a Content-… field

  explicit Downgrade(DowngradeNeeds needs);

  // False: it cannot be converted, see fault(). The output grows by at most four times `in`.
  bool feed(ByteView in);
  bool finish();  // all has been fed
  bool finished() const noexcept { return finished_; }
  std::string_view fault() const noexcept { return fault_; }  // "5.6.3 …"

  ByteView output() const noexcept { return as_bytes(std::string_view(out_).substr(sent_)); }
  void consume(std::size_t count) noexcept;

 private:
  enum class State : std::uint8_t { header, body };
  // What becomes of a body: nothing, or an encoding.
  enum class Mode : std::uint8_t { same, quoted_printable, base64 };

  void take_piece();
  void take_header_piece(std::string_view piece);
  void begin_field(std::string_view line);
  void continue_field(std::string_view piece);
  void end_field();
  void note_encoding(std::string_view value);
  void end_header(std::string_view blank);
  void begin_part(scan::mime::MediaKind kind);
  void open_multipart();
  std::string_view new_encoding();
  void take_body_piece(std::string_view piece);
  void put_same(std::string_view piece);
  bool take_delimiter(std::string_view line);
  void refuse(std::string_view fault);

  DowngradeNeeds needs_;
  State state_ = State::header;
  Mode mode_ = Mode::same;
  bool in_line_ = false;       // the beginning of this line has been taken
  bool passes_field_ = false;  // the field of the line before goes through as it is
  bool signed_ = false;        // within a multipart/signed
  bool finished_ = false;
  std::string line_;      // with its end
  std::string field_;     // a Content-Type or Content-Transfer-Encoding that is being collected
  std::string encoding_;  // that part's, when it is "8bit" or "binary", in lower case
  bool encoded_ = false;  // it has another one
  std::string line_end_;  // base64: belongs to the delimiter that may follow
  std::string out_;
  std::size_t sent_ = 0;
  std::string fault_;
  scan::mime::Entity entity_;
  scan::mime::BoundaryStack boundaries_;
  std::size_t open_ = 0;  // multiparts
  QuotedPrintableEncoder quoted_;
  Base64Encoder base64_;
};

}  // namespace sluice::delivery
