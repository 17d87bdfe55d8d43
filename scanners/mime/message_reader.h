// Reads a message while it arrives and tells a MessageSink what message_sink.h describes: the walk
// through its structure, transfer encodings, charsets, HTML, URIs, and the elements that rules are
// matched against. All memory is planned when it is made (memory_bytes()); feeding allocates
// nothing but, for a host name beyond ASCII, what libidn2 needs. Work is bounded per octet fed.
#pragma once

#include <memory>

#include "scanners/html/html_text.h"
#include "scanners/mime/body_text.h"
#include "scanners/mime/charset_decoder.h"
#include "scanners/mime/message_sink.h"
#include "scanners/mime/transfer_decoder.h"
#include "scanners/mime/walker.h"
#include "scanners/mime/workspace.h"
#include "scanners/uri/finder.h"

namespace sluice::scan::mime {

inline constexpr std::size_t kFileNameBytes = 256;  // in UTF-8

struct MessageLimits {
  WalkerLimits walker;
  std::uint64_t rawbody_part_bytes_max = 512 * 1024;  // of each part's rawbody; 0: all
  std::uint64_t body_part_bytes_max = 64 * 1024;      // of each part's rendered text; 0: all
  std::uint32_t uris_max = 1'000;                     // of a message
};

class MessageReader final : private WalkerSink,
                            private TextSink,
                            private UuencodeSink,
                            private html::HtmlSink,
                            private uri::FinderSink {
 public:
  MessageReader(const MessageLimits& limits, const Wanted& wanted);

  void begin() noexcept;
  void feed(ByteView octets, Workspace& workspace, MessageSink& sink) noexcept;
  void finish(Workspace& workspace, MessageSink& sink) noexcept;

  static std::size_t memory_bytes(const MessageLimits& limits, const Wanted& wanted) noexcept;

 private:
  struct Rendering {
    explicit Rendering(std::uint32_t uris_max) noexcept : uris(uris_max) {}
    html::HtmlText html;
    uri::Finder uris;
    BoundedText<kFieldPieceBytes> subject;
  };
  struct Rawbody {
    TextLimit limit;
    RawbodyText text;
  };
  struct Body {
    explicit Body(BodyView view) noexcept : text(view) {}
    TextLimit limit;
    BodyText text;
  };

  void field(Section section, const FieldPiece& piece) noexcept override;
  void section_end(Section section) noexcept override;
  void container(const Entity& entity, std::uint32_t depth) noexcept override;
  void leaf_begin(const Leaf& leaf) noexcept override;
  void leaf(ByteView octets) noexcept override;
  void leaf_end() noexcept override;
  void text(ByteView utf8) noexcept override;
  void uuencoded_begin(std::string_view file_name) noexcept override;
  void uuencoded(ByteView decoded) noexcept override;
  void uuencoded_end() noexcept override;
  void rendered(ByteView utf8, bool visible) noexcept override;
  void link(const html::Link& link) noexcept override;
  void found(Uri& uri) noexcept override;

  static bool is_plain(std::string_view type) noexcept;
  void decoded(ByteView octets) noexcept;
  void note_magic(ByteView octets) noexcept;
  void describe(const Leaf& leaf) noexcept;
  void describe_name(const ParameterValue& name) noexcept;
  void keep_name(std::string_view utf8) noexcept;
  void begin_text() noexcept;
  void end_text() noexcept;
  void tell_subject_links() noexcept;
  void keep_subject(const HeaderField& field) noexcept;
  void add_body(std::unique_ptr<Body>& body, ByteView utf8) noexcept;
  void add_visible(ByteView utf8) noexcept;
  template <typename Visit>
  void for_each_body(Visit&& visit) noexcept;

  MessageLimits limits_;
  Wanted wanted_;
  Workspace* workspace_ = nullptr;  // both during a call only
  MessageSink* sink_ = nullptr;
  Walker walker_;
  TransferDecoder transfer_;
  CharsetDecoder charset_;
  UuencodeReader uuencode_;
  LineEnds line_ends_;
  std::unique_ptr<Rendering> rendering_;  // where any text is rendered
  std::unique_ptr<Rawbody> rawbody_;
  std::unique_ptr<Body> body_;
  std::unique_ptr<Body> visible_;
  std::unique_ptr<Body> hidden_;
  Part part_;
  Part uuencoded_part_;
  MessageFacts facts_;
  bool in_subject_ = false;  // links are those of the Subject
  bool in_rawbody_ = false;  // the part is told as rawbody
  bool in_body_ = false;     // the part is rendered
  bool walks_uuencode_ = false;
  std::uint8_t magic_size_ = 0;
  std::array<char, 4> magic_;  // the part's first octets
  std::uint32_t next_part_ = 0;
  BoundedText<kTypeBytes> type_;
  BoundedText<kCharsetBytes> charset_name_;
  BoundedText<16> disposition_;
  BoundedText<kFileNameBytes> file_name_;
  BoundedText<kFileNameBytes> uuencoded_name_;
};

}  // namespace sluice::scan::mime
