// What the rule stages are told of a message while it arrives: its fields, its parts with their
// transfer encoding undone, and the texts of it that rules look at, in the shapes of
// SpamAssassin 4 (named here by its rule types and functions):
//
//   header   field(): value, or raw for ":raw", of Section::message; mimeheader: of Section::part
//   rawbody  rawbody(): get_decoded_body_text_array, an array element a call
//   body     body(BodyView::all): get_rendered_body_text_array, an array element a call, the
//            Subject before the first part's text; visible and hidden likewise, without Subject
//            for hidden
//   uri      uri(): each URI as written and in canonical form
//   full     the octets fed
//
// An element is what one rule expression is matched against at once: "^" and "$" are at its ends.
// body elements are at most 2,049 octets, rawbody elements at most 4,096; lines end in LF.
//
// The same octets tell the same calls with the same views whatever the chunks they came in, except
// part_bytes() and text(), which are cut anywhere, and the order between calls for different texts
// (rawbody, each view of body, uri). Views live for the call. Order: the fields of a header
// section, section_end(), then part_begin(), part_bytes()/text()/rawbody()/body()/uri(), part_end()
// of each leaf in the order of the message, at last message_end(). Elements of the last text of one
// part may be told after its part_end(), when the next part has shown how they end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"
#include "scanners/mime/anomaly.h"

namespace sluice::scan::html {
class TokenSink;
}

namespace sluice::scan::mime {

inline constexpr std::size_t kBodyElementBytes = 2'048;
inline constexpr std::size_t kRawbodyElementBytes = 2 * kBodyElementBytes;

enum class TransferEncoding : std::uint8_t { identity, base64, quoted_printable, uuencode };

// Whose header. A nested message (message/rfc822) is a part, its fields are told as such.
enum class Section : std::uint8_t { message, part };

// One field, or a piece of one that is longer than 4,096 octets; what is longer is cut where the
// octets of the field, not the chunks, demand it. Rules do not look beyond 8,192 octets.
struct HeaderField {
  Section section = Section::message;
  std::string_view name;   // as written, in every piece
  std::string_view raw;    // behind the colon as it came: folds, white space; no last line end
  std::string_view value;  // unfolded, trimmed in front, encoded words decoded, UTF-8
  bool first = true;
  bool last = true;
  bool beyond = false;  // field_reader.h, kFieldReadBytes
};

enum class PartRole : std::uint8_t {
  content,    // what a mail program shows or offers
  preamble,   // before the first boundary, when empty not told
  epilogue,   // behind a last boundary, when empty not told
  uuencoded,  // a file within the text of a part; told within that part
};

inline constexpr std::uint64_t kNowhere = UINT64_MAX;

// A leaf: what is no multipart and no nested message. Told by part_begin() and valid to part_end().
struct Part {
  std::uint32_t index = 0;  // 0, 1, … in the order of the message
  std::uint32_t depth = 0;  // multiparts and nested messages around it
  PartRole role = PartRole::content;
  std::string_view type;         // lower case; "text/plain" where none is given or it is broken
  std::string_view charset;      // as written
  std::string_view disposition;  // lower case: "inline", "attachment" or ""
  std::string_view file_name;    // UTF-8, from Content-Disposition, else Content-Type; may be cut
  TransferEncoding encoding = TransferEncoding::identity;
  bool is_text = false;      // text() tells it
  bool is_html = false;      // rendered as HTML
  Anomalies anomalies;       // grows until part_end()
  std::uint64_t octets = 0;  // decoded; complete at part_end()
  // Where it stands among the octets fed: with its header (and those of nested messages that it is
  // all of), from behind the delimiter up to the line end before the next. kNowhere: it is no part
  // of a multipart, or a file within one.
  std::uint64_t section_at = kNowhere;
  std::uint64_t end_at = 0;  // complete at part_end()
};

enum class BodyView : std::uint8_t { all, visible, hidden };

enum class UriSource : std::uint8_t { text, link, image, form, other_tag, header };

enum class UriSign : std::uint8_t {
  schemeless,      // "www.example.com", "example.com/x"
  obfuscated,      // "hxxp://", "example[.]com"
  userinfo,        // "http://bank.example@evil.example/"
  address_host,    // an IP address for a host
  numeric_host,    // an IP address in a disguise: decimal, octal, hexadecimal, short
  encoded_host,    // %-escapes in the host
  international,   // an A-label, or U-labels that were turned into A-labels
  mixed_scripts,   // Latin letters and their lookalikes of other scripts in one label
  broken_host,     // not a host that can be looked up
  port,            // a port that is not the scheme's
  carries_uri,     // a redirector: its query or path holds another URI, told next
  carried,         // found within another URI
  deceptive_text,  // the text of the link shows another host than it leads to
  hidden_link,     // the link's text is not visible
  truncated,       // longer than what is kept
};

struct Uri {
  std::uint32_t part = 0;
  UriSource source = UriSource::text;
  std::string_view written;    // entities resolved, otherwise as in the text
  std::string_view canonical;  // scheme in lower case, host as lower-case A-labels or plain address
  std::string_view host;       // of `canonical`; empty for mailto: and broken ones
  std::string_view shown;      // text of the link as a person sees it; cut; empty outside links
  std::uint32_t signs = 0;
  bool has(UriSign sign) const noexcept { return (signs >> static_cast<unsigned>(sign) & 1) != 0; }
  void add(UriSign sign) noexcept { signs |= 1U << static_cast<unsigned>(sign); }
};

struct MessageFacts {
  Anomalies anomalies;  // of the message and all its parts
  std::uint32_t parts = 0;
  std::uint32_t depth = 0;  // deepest
  std::uint32_t uris = 0;
  std::uint64_t body_octets = 0;     // behind the message's header, as fed
  bool unended_header = false;       // no empty line behind it
  std::uint64_t visible_octets = 0;  // of rendered text
  std::uint64_t hidden_octets = 0;
};

// Which of the texts are wanted; what is not wanted costs nothing.
struct Wanted {
  bool part_bytes = false;
  bool part_raw = false;
  bool rendered = false;
  bool text = false;
  bool rawbody = false;
  bool body = false;     // BodyView::all
  bool visible = false;  // BodyView::visible
  bool hidden = false;   // BodyView::hidden
  bool uris = false;
};

class MessageSink {
 public:
  virtual void field(const HeaderField& /*field*/) noexcept {}
  virtual void section_end(Section /*section*/) noexcept {}
  // A multipart or nested message, its section told before, with `depth` of them around it. It ends
  // where a part, or another of these, of no greater depth begins.
  virtual void container(std::string_view /*type*/, std::uint32_t /*depth*/) noexcept {}
  virtual void part_begin(const Part& /*part*/) noexcept {}
  // As they came, transfer encoding and all.
  virtual void part_raw(const Part& /*part*/, ByteView /*encoded*/) noexcept {}
  virtual void part_bytes(const Part& /*part*/, ByteView /*decoded*/) noexcept {}
  // UTF-8 of a text part, before HTML is rendered, line ends as sent.
  virtual void text(const Part& /*part*/, ByteView /*utf8*/) noexcept {}
  // Who wants the tokens of an HTML part, up to its part_end(); or null.
  virtual html::TokenSink* html_begin(const Part& /*part*/) noexcept { return nullptr; }
  // The text of a part as a person reads it, before body() makes elements of all parts' text.
  virtual void rendered(const Part& /*part*/, ByteView /*utf8*/) noexcept {}
  virtual void part_end(const Part& /*part*/) noexcept {}
  virtual void rawbody(std::string_view /*element*/) noexcept {}
  virtual void body(BodyView /*view*/, std::string_view /*element*/) noexcept {}
  virtual void uri(const Uri& /*uri*/) noexcept {}
  virtual void message_end(const MessageFacts& /*facts*/) noexcept {}

 protected:
  ~MessageSink() = default;
};

}  // namespace sluice::scan::mime
