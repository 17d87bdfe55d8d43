#include "scanners/mime/message_reader.h"

#include <algorithm>
#include <cstring>

#include "scanners/mime/encoded_word.h"

namespace sluice::scan::mime {
namespace {

constexpr std::string_view kTnefMagic = "\x78\x9f\x3e\x22";

std::string_view trim_left(std::string_view text) noexcept {
  const auto is_white = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_white(text.front())) text.remove_prefix(1);
  return text;
}

// RFC 2047 is not for these, and what looks like an encoded word in them is none.
bool has_encoded_words(std::string_view field) noexcept {
  constexpr std::string_view kPlain[] = {"received",   "message-id",  "resent-message-id",
                                         "date",       "resent-date", "mime-version",
                                         "references", "in-reply-to"};
  return !equals_ignoring_case(field.substr(0, 5), "list-") &&
         std::ranges::none_of(
             kPlain, [&](std::string_view plain) { return equals_ignoring_case(plain, field); });
}

// Octets of the zero-width character that `in` begins with: soft hyphen, zero width space, joiners,
// word joiner, byte order mark; 0 when it is none.
std::size_t zero_width_size(ByteView in) noexcept {
  if (in.size() >= 2 && in[0] == 0xc2 && in[1] == 0xad) return 2;
  if (in.size() < 3) return 0;
  const unsigned code = static_cast<unsigned>(in[0]) << 16 | in[1] << 8 | in[2];
  const bool none = (code >= 0xe2808b && code <= 0xe2808f) || code == 0xe281a0 || code == 0xefbbbf;
  return none ? 3 : 0;
}

// Mail programs open these as HTML, whatever their declared type.
bool names_html(std::string_view file_name) noexcept {
  for (const std::string_view end : {".html", ".htm", ".shtml", ".shtm"})
    if (file_name.size() >= end.size() &&
        equals_ignoring_case(file_name.substr(file_name.size() - end.size()), end))
      return true;
  return false;
}

bool renders(const Wanted& wanted) noexcept {
  return wanted.body || wanted.visible || wanted.hidden || wanted.uris || wanted.rendered;
}

}  // namespace

MessageReader::MessageReader(const MessageLimits& limits, const Wanted& wanted)
    : limits_(limits), wanted_(wanted), walker_(limits.walker) {
  if (renders(wanted)) rendering_ = std::make_unique<Rendering>(limits.uris_max);
  if (wanted.rawbody) rawbody_ = std::make_unique<Rawbody>();
  if (wanted.body) body_ = std::make_unique<Body>(BodyView::all);
  if (wanted.visible) visible_ = std::make_unique<Body>(BodyView::visible);
  if (wanted.hidden) hidden_ = std::make_unique<Body>(BodyView::hidden);
}

std::size_t MessageReader::memory_bytes(const MessageLimits& limits,
                                        const Wanted& wanted) noexcept {
  const std::size_t bodies = std::size_t{wanted.body} + wanted.visible + wanted.hidden;
  return sizeof(MessageReader) + BoundaryStack::frame_bytes() * limits.walker.depth_max +
         (renders(wanted) ? sizeof(Rendering) : 0) + (wanted.rawbody ? sizeof(Rawbody) : 0) +
         bodies * sizeof(Body);
}

template <typename Visit>
void MessageReader::for_each_body(Visit&& visit) noexcept {
  for (auto* body : {&body_, &visible_, &hidden_})
    if (*body) visit(**body);
}

void MessageReader::begin() noexcept {
  walker_.begin();
  facts_ = {};
  next_part_ = 0;
  if (rendering_) {
    rendering_->uris.begin();
    rendering_->subject.clear();
  }
  for_each_body([](Body& body) { body.text.begin(); });
}

void MessageReader::feed(ByteView octets, Workspace& workspace, MessageSink& sink) noexcept {
  workspace_ = &workspace;
  sink_ = &sink;
  walker_.feed(octets, *this);
}

void MessageReader::finish(Workspace& workspace, MessageSink& sink) noexcept {
  workspace_ = &workspace;
  sink_ = &sink;
  walker_.finish(*this);
  for_each_body([this](Body& body) { body.text.finish(*sink_); });
  facts_.anomalies.add(walker_.anomalies());
  facts_.parts = next_part_;
  facts_.body_octets = walker_.body_octets();
  facts_.unended_header = walker_.unended_header();
  facts_.depth = walker_.depth_reached();
  if (rendering_) facts_.uris = rendering_->uris.count();
  sink.message_end(facts_);
}

void MessageReader::field(Section section, const FieldPiece& piece) noexcept {
  HeaderField told;
  told.section = section;
  told.name = piece.name;
  told.raw = piece.raw;
  told.first = piece.first;
  told.last = piece.last;
  told.beyond = piece.beyond;
  told.value = piece.first ? trim_left(piece.value) : piece.value;
  if (may_have_words(told.value) && has_encoded_words(piece.name))
    told.value = decode_field(told.value, *workspace_);
  if (rendering_ && section == Section::message) keep_subject(told);
  sink_->field(told);
}

// The last one counts, as in SpamAssassin.
void MessageReader::keep_subject(const HeaderField& field) noexcept {
  if (!equals_ignoring_case(field.name, "subject") || !field.first) return;
  std::string_view value = field.value;
  value = value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
  rendering_->subject.assign(value);
}

// What a person sees as the Subject may be followed like a link.
void MessageReader::tell_subject_links() noexcept {
  in_subject_ = true;
  rendering_->uris.begin_part();
  rendering_->uris.feed(as_bytes(rendering_->subject.view()), *this);
  rendering_->uris.end_part(*this);
  in_subject_ = false;
}

void MessageReader::section_end(Section section) noexcept {
  if (section == Section::message && wanted_.uris) tell_subject_links();
  if (section == Section::message)
    for (auto* body : {&body_, &visible_})
      if (*body) (*body)->text.subject(rendering_->subject.view(), *sink_);
  sink_->section_end(section);
}

void MessageReader::describe_name(const ParameterValue& name) noexcept {
  const std::string_view raw = name.text.view();
  if (name.charset.empty()) {
    keep_name(decode_field(raw, *workspace_));
    return;
  }
  const auto charset = find_charset(name.charset.view()).value_or(kUtf8);
  if (charset == kUtf8) {
    keep_name(raw);
    return;
  }
  const auto done =
      workspace_->charsets.convert(charset, as_bytes(raw), workspace_->converted, true);
  keep_name(as_text({workspace_->converted.data(), done.written}));
}

// The middle of a long name is left out: its end says what the file is.
void MessageReader::keep_name(std::string_view utf8) noexcept {
  if (utf8.size() <= kFileNameBytes) {
    file_name_.assign(utf8);
    return;
  }
  const auto is_within = [&](std::size_t at) { return (utf8[at] & 0xc0) == 0x80; };
  std::size_t head = kFileNameBytes / 2;
  std::size_t tail = utf8.size() - kFileNameBytes / 2;
  for (int i = 0; i < 3 && is_within(head); ++i) --head;
  for (int i = 0; i < 3 && is_within(tail); ++i) ++tail;
  file_name_.assign(utf8.substr(0, head));
  file_name_.append(utf8.substr(tail));
}

void MessageReader::describe(const Leaf& leaf) noexcept {
  const Entity& entity = leaf.entity;
  type_ = entity.type;
  charset_name_ = entity.charset;
  disposition_ = entity.disposition;
  describe_name(entity.file_name);
  part_ = {};
  part_.index = next_part_++;
  part_.depth = leaf.depth;
  part_.role = leaf.role;
  part_.type = type_.view();
  part_.charset = charset_name_.view();
  part_.disposition = disposition_.view();
  part_.file_name = file_name_.view();
  part_.encoding = entity.encoding;
  part_.is_html = part_.type == "text/html" || part_.type == "application/xhtml+xml" ||
                  names_html(part_.file_name);
  part_.is_text = entity.kind == MediaKind::text || part_.is_html;
  part_.anomalies = entity.anomalies;
  part_.section_at = leaf.section_at;
  part_.end_at = leaf.content_at;
}

void MessageReader::container(const Entity& entity, std::uint32_t depth) noexcept {
  sink_->container(entity.type.view(), depth);
}

// All text but these is shown as it is, text/rfc822-headers and text/enriched too (SpamAssassin's
// bug 5399).
bool MessageReader::is_plain(std::string_view type) noexcept {
  return type.starts_with("text/") && type != "text/calendar" && type != "text/x-vcard";
}

void MessageReader::leaf_begin(const Leaf& leaf) noexcept {
  describe(leaf);
  transfer_.begin(leaf.entity.encoding);
  magic_size_ = 0;
  const bool content = part_.role == PartRole::content;
  const bool shown = part_.is_html || is_plain(part_.type);
  in_rawbody_ = rawbody_ && content && part_.type != "text/calendar" &&
                (part_.is_text || part_.type.starts_with("message/"));
  in_body_ = content && shown && rendering_;
  walks_uuencode_ = part_.type == "text/plain" && part_.encoding != TransferEncoding::uuencode;
  sink_->part_begin(part_);
  if (in_rawbody_) {
    rawbody_->limit.begin(limits_.rawbody_part_bytes_max, "\n> ");
    rawbody_->text.begin();
  }
  if (part_.is_text) begin_text();
  if (content) for_each_body([](Body& body) { body.text.part(); });
}

void MessageReader::begin_text() noexcept {
  charset_.begin(part_.charset);
  uuencode_.begin();
  line_ends_.begin();
  if (rendering_ && part_.is_html) rendering_->html.begin(sink_->html_begin(part_));
  if (rendering_) rendering_->uris.begin_part();
  for_each_body([this](Body& body) { body.limit.begin(limits_.body_part_bytes_max, "\n "); });
}

void MessageReader::leaf(ByteView octets) noexcept {
  part_.end_at += octets.size();
  if (wanted_.part_raw) sink_->part_raw(part_, octets);
  transfer_.feed(octets, workspace_->decoded, [this](ByteView piece) { decoded(piece); });
}

void MessageReader::decoded(ByteView octets) noexcept {
  if (octets.empty()) return;
  note_magic(octets);
  part_.octets += octets.size();
  if (wanted_.part_bytes) sink_->part_bytes(part_, octets);
  if (in_rawbody_)
    rawbody_->limit.feed(octets, [this](ByteView piece) { rawbody_->text.feed(piece, *sink_); });
  if (!part_.is_text) return;
  if (walks_uuencode_) uuencode_.feed(octets, *this);
  if (!part_.anomalies.has(Anomaly::nul_octet) && find_byte(octets, 0) < octets.size())
    part_.anomalies.add(Anomaly::nul_octet);
  if (wanted_.text || in_body_) charset_.feed(octets, *workspace_, *this);
}

void MessageReader::note_magic(ByteView octets) noexcept {
  if (magic_size_ == magic_.size()) return;
  const std::size_t size = std::min(octets.size(), magic_.size() - magic_size_);
  std::memcpy(magic_.data() + magic_size_, octets.data(), size);
  magic_size_ = static_cast<std::uint8_t>(magic_size_ + size);
  if (std::string_view(magic_.data(), magic_size_) == kTnefMagic)
    part_.anomalies.add(Anomaly::tnef);
}

void MessageReader::leaf_end() noexcept {
  transfer_.finish(workspace_->decoded, [this](ByteView piece) { decoded(piece); });
  if (in_rawbody_) {
    rawbody_->limit.finish([this](ByteView piece) { rawbody_->text.feed(piece, *sink_); });
    rawbody_->text.finish(*sink_);
    if (rawbody_->limit.reached()) part_.anomalies.add(Anomaly::text_limit);
  }
  if (part_.is_text) end_text();
  part_.anomalies.add(transfer_.anomalies());
  facts_.anomalies.add(part_.anomalies);
  sink_->part_end(part_);
}

void MessageReader::end_text() noexcept {
  if (walks_uuencode_) uuencode_.finish(*this);
  if (wanted_.text || in_body_) charset_.finish(*workspace_, *this);
  if (in_body_) {
    if (part_.is_html) {
      rendering_->html.finish(*this);
      if (rendering_->html.too_deep()) part_.anomalies.add(Anomaly::html_depth_limit);
    }
    for_each_body([this](Body& body) {
      body.limit.finish([&](ByteView piece) { body.text.feed(piece, *sink_); });
      if (body.limit.reached()) part_.anomalies.add(Anomaly::text_limit);
    });
    if (wanted_.uris) rendering_->uris.end_part(*this);
    if (rendering_->uris.limit_reached()) part_.anomalies.add(Anomaly::uri_limit);
  }
  part_.anomalies.add(charset_.anomalies());
  part_.anomalies.add(uuencode_.anomalies());
}

void MessageReader::text(ByteView utf8) noexcept {
  if (utf8.empty()) return;
  if (wanted_.text) sink_->text(part_, utf8);
  if (!in_body_) return;
  if (part_.is_html)
    rendering_->html.feed(utf8, *this);
  else
    rendered(utf8, true);
}

void MessageReader::rendered(ByteView utf8, bool visible) noexcept {
  (visible ? facts_.visible_octets : facts_.hidden_octets) += utf8.size();
  if (wanted_.rendered) sink_->rendered(part_, utf8);
  if (body_) add_body(body_, utf8);
  if (visible && visible_) add_visible(utf8);
  if (!visible && hidden_) add_body(hidden_, utf8);
  if (wanted_.uris) rendering_->uris.feed(utf8, *this);
}

void MessageReader::add_body(std::unique_ptr<Body>& body, ByteView utf8) noexcept {
  body->limit.feed(utf8, [&](ByteView piece) { body->text.feed(piece, *sink_); });
}

// Characters without width are in the way of words that a person sees.
void MessageReader::add_visible(ByteView utf8) noexcept {
  std::size_t at = 0;
  while (at < utf8.size()) {
    const std::size_t size = utf8[at] < 0x80 ? 0 : zero_width_size(utf8.subspan(at));
    if (size == 0) {
      ++at;
      continue;
    }
    if (at > 0) add_body(visible_, utf8.first(at));
    utf8 = utf8.subspan(at + size);
    at = 0;
  }
  if (!utf8.empty()) add_body(visible_, utf8);
}

void MessageReader::link(const html::Link& link) noexcept {
  if (!wanted_.uris) return;
  rendering_->uris.take_link(link.target, link.source, link.shown, link.hidden, *this);
}

void MessageReader::found(Uri& uri) noexcept {
  uri.part = in_subject_ ? 0 : part_.index;
  if (in_subject_) uri.source = UriSource::header;
  sink_->uri(uri);
}

// A file within the text of a part: told as a part of its own within that part.
void MessageReader::uuencoded_begin(std::string_view file_name) noexcept {
  uuencoded_name_.assign(file_name);
  uuencoded_part_ = {};
  uuencoded_part_.index = next_part_++;
  uuencoded_part_.depth = part_.depth;
  uuencoded_part_.role = PartRole::uuencoded;
  uuencoded_part_.type = "application/octet-stream";
  uuencoded_part_.file_name = uuencoded_name_.view();
  uuencoded_part_.encoding = TransferEncoding::uuencode;
  sink_->part_begin(uuencoded_part_);
}

void MessageReader::uuencoded(ByteView decoded) noexcept {
  uuencoded_part_.octets += decoded.size();
  if (wanted_.part_bytes) sink_->part_bytes(uuencoded_part_, decoded);
}

void MessageReader::uuencoded_end() noexcept { sink_->part_end(uuencoded_part_); }

}  // namespace sluice::scan::mime
