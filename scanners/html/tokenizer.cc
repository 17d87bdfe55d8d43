#include "scanners/html/tokenizer.h"

#include <algorithm>
#include <cstring>

#include "scanners/html/character_reference.h"
#include "scanners/html/element.h"
#include "scanners/mime/octet_search.h"

namespace sluice::scan::html {
namespace {

bool is_letter(std::uint8_t octet) noexcept {
  return (octet | 0x20) >= 'a' && (octet | 0x20) <= 'z';
}

bool is_digit(std::uint8_t octet) noexcept { return octet >= '0' && octet <= '9'; }

constexpr mime::OctetPattern kTextEnd(mime::OctetSet::of([](unsigned octet) {
                                        return octet == '<' || octet == '&';
                                      }),
                                      {}, {});

// What ends the name of a tag, of an attribute, and a value without quotes.
constexpr mime::OctetSet kTagNameEnd = mime::OctetSet::of(
    [](unsigned octet) { return is_space(octet) || octet == '/' || octet == '>'; });
constexpr mime::OctetSet kNameEnd = mime::OctetSet::of(
    [](unsigned octet) { return is_space(octet) || octet == '/' || octet == '>' || octet == '='; });
constexpr mime::OctetPattern kValueEnd(mime::OctetSet::of([](unsigned octet) {
                                         return is_space(octet) || octet == '>';
                                       }),
                                       {}, {});

}  // namespace

std::string_view Tag::value(Name attribute) const noexcept {
  if (!has(attribute)) return {};
  return std::ranges::find(attributes, attribute, &Attribute::id)->value;
}

void Tokenizer::begin() noexcept {
  state_ = State::text;
  raw_ = false;
  references_ = true;
  pending_size_ = 0;
}

void Tokenizer::feed(ByteView in, TokenSink& sink) noexcept {
  while (!in.empty()) {
    switch (state_) {
      case State::text: in = feed_text(in, sink); break;
      case State::comment: in = feed_comment(in, sink); break;
      case State::bogus: in = feed_bogus(in, sink); break;
      case State::tag_open:
      case State::end_tag_open:
      case State::reference:
      case State::markup:
      case State::raw_tag_name:
        if (step(in.front(), sink)) in = in.subspan(1);
        break;
      default: in = feed_tag(in, sink);
    }
  }
}

void Tokenizer::finish(TokenSink& sink) noexcept {
  if (state_ == State::reference) step_reference(' ', sink);
  if (state_ == State::tag_open) tell({pending_.data(), pending_size_}, sink);
  begin();  // an open tag or comment is never seen
}

ByteView Tokenizer::feed_text(ByteView in, TokenSink& sink) noexcept {
  const std::size_t end = references_ ? find(kTextEnd, in) : find_byte(in, '<');
  if (end > 0) sink.characters(in.first(end));
  if (end == in.size()) return {};
  const ByteView behind = in.subspan(end + 1);
  if (in[end] == '<' && !raw_ && behind.size() >= 2) {  // mostly a tag
    const bool ends = behind[0] == '/';
    if (is_letter(behind[ends ? 1 : 0])) {
      begin_tag(ends);
      return behind.subspan(ends ? 1 : 0);
    }
  }
  state_ = in[end] == '<' ? State::tag_open : State::reference;
  pending_[0] = static_cast<char>(in[end]);
  pending_size_ = 1;
  return behind;
}

bool Tokenizer::step(std::uint8_t octet, TokenSink& sink) noexcept {
  switch (state_) {
    case State::tag_open:
    case State::end_tag_open: return step_tag_open(octet, sink);
    case State::reference: return step_reference(octet, sink);
    case State::markup: return step_markup(octet);
    default: return step_raw_tag_name(octet, sink);
  }
}

void Tokenizer::tell(std::string_view text, TokenSink& sink) noexcept {
  if (!text.empty()) sink.characters(as_bytes(text));
  pending_size_ = 0;
  state_ = State::text;
}

// Behind "<" or "</".
bool Tokenizer::step_tag_open(std::uint8_t octet, TokenSink& sink) noexcept {
  const bool end = state_ == State::end_tag_open;
  if (is_letter(octet) && (!raw_ || end)) {
    begin_tag(end);
    return false;
  }
  if (!end && octet == '/') {
    pending_[pending_size_++] = '/';
    state_ = State::end_tag_open;
    return true;
  }
  if (raw_ || (!end && octet != '!' && octet != '?')) {
    tell({pending_.data(), pending_size_}, sink);
    return false;
  }
  pending_size_ = 0;
  dashes_ = 0;
  used_ = 0;
  keep_markup(as_bytes(end ? "</" : octet == '!' ? "<!" : "<"));
  state_ = octet == '!' && !end ? State::markup : State::bogus;
  return state_ == State::markup || octet != '>' || end == false;
}

// Behind "<!": two dashes begin a comment.
bool Tokenizer::step_markup(std::uint8_t octet) noexcept {
  if (octet != '-') {
    keep_markup(as_bytes(dashes_ > 0 ? "-" : ""));
    state_ = State::bogus;
    return false;
  }
  if (++dashes_ < 2) return true;
  state_ = State::comment;
  keep_markup(as_bytes("--"));
  dashes_ = 2;  // "<!-->" and "<!--->" are whole comments
  comment_begun_ = false;
  return true;
}

void Tokenizer::keep_markup(ByteView octets) noexcept {
  const std::size_t size = std::min(octets.size(), kMarkupBytes - 1 - used_);
  if (size == 0) return;
  std::memcpy(kept_.data() + used_, octets.data(), size);
  used_ = static_cast<std::uint16_t>(used_ + size);
}

void Tokenizer::end_markup(TokenSink& sink) noexcept {
  state_ = State::text;
  kept_[used_++] = '>';
  sink.markup({kept_.data(), used_});
}

ByteView Tokenizer::feed_bogus(ByteView in, TokenSink& sink) noexcept {
  const std::size_t end = find_byte(in, '>');
  keep_markup(in.first(end));
  if (end == in.size()) return {};
  end_markup(sink);
  return in.subspan(end + 1);
}

// To "-->" or "--!>".
ByteView Tokenizer::feed_comment(ByteView in, TokenSink& sink) noexcept {
  for (std::size_t at = 0; at < in.size(); ++at) {
    const std::uint8_t octet = in[at];
    if (octet == '-') {
      dashes_ = static_cast<std::uint8_t>(std::min(dashes_ + 1, 3));
      continue;
    }
    if (octet == '>' && dashes_ >= 2) {
      keep_markup(in.first(at));
      end_markup(sink);
      return in.subspan(at + 1);
    }
    if (octet == '!' && dashes_ >= 2 && comment_begun_) continue;
    dashes_ = 0;
    comment_begun_ = true;
    const std::size_t dash = find_byte(in.subspan(at), '-');
    at += dash == 0 ? 0 : dash - 1;
  }
  keep_markup(in);
  return {};
}

void Tokenizer::begin_tag(bool end) noexcept {
  end_tag_ = end;
  truncated_ = false;
  tag_size_ = 0;
  attributes_ = 0;
  used_ = 0;
  state_ = raw_ ? State::raw_tag_name : State::tag_name;
}

bool Tokenizer::ends_raw_text() const noexcept {
  return std::string_view(tag_name_.data(), tag_size_) ==
         std::string_view(raw_name_.data(), raw_size_);
}

// Within raw text, where each octet may show that it is none.
bool Tokenizer::step_raw_tag_name(std::uint8_t octet, TokenSink& sink) noexcept {
  if (kTagNameEnd.has(octet)) {
    if (ends_raw_text())
      state_ = State::before_name;
    else
      tell({pending_.data(), pending_size_}, sink);
    return false;
  }
  if (pending_size_ < pending_.size()) pending_[pending_size_++] = static_cast<char>(octet);
  if (tag_size_ < kTagNameBytes)
    tag_name_[tag_size_++] = ascii_lower(static_cast<char>(octet));
  else
    tag_size_ = 0;  // surely not the element's
  const bool lost =
      !std::string_view(raw_name_.data(), raw_size_).starts_with({tag_name_.data(), tag_size_});
  if (lost || tag_size_ == 0) tell({pending_.data(), pending_size_}, sink);
  return true;
}

// The states of a tag one behind the other, as far as `in` has them.
ByteView Tokenizer::feed_tag(ByteView in, TokenSink& sink) noexcept {
  const auto skip_space = [&] {
    while (!in.empty() && is_space(in.front())) in = in.subspan(1);
  };
  while (!in.empty()) {
    switch (state_) {
      case State::tag_name:
        in = feed_tag_name(in);
        if (in.empty()) return in;
        [[fallthrough]];
      case State::before_name:
        state_ = State::before_name;
        while (!in.empty() && (is_space(in.front()) || in.front() == '/')) in = in.subspan(1);
        if (in.empty()) return in;
        if (in.front() == '>') {
          end_tag(sink);
          return in.subspan(1);
        }
        begin_attribute(in.front());
        in = in.subspan(1);
        [[fallthrough]];
      case State::name:
        in = feed_name(in);
        if (in.empty()) return in;
        [[fallthrough]];
      case State::after_name:
        state_ = State::after_name;
        skip_space();
        if (in.empty()) return in;
        if (in.front() != '=') {
          end_attribute();
          break;
        }
        in = in.subspan(1);
        [[fallthrough]];
      case State::before_value:
        state_ = State::before_value;
        skip_space();
        if (in.empty()) return in;
        if (in.front() == '>') {
          end_attribute();
          break;
        }
        quote_ = in.front() == '"' || in.front() == '\'' ? in.front() : 0;
        begin_value();
        in = in.subspan(quote_ == 0 ? 0 : 1);
        [[fallthrough]];
      default: in = feed_value(in);
    }
  }
  return in;
}

// The first octet of its name may be any.
void Tokenizer::begin_attribute(std::uint8_t octet) noexcept {
  state_ = State::name;
  truncated_ = truncated_ || attributes_ == kAttributesMax || used_ == kTagBytes;
  if (attributes_ == kAttributesMax) return;
  Kept& kept = attribute_[attributes_];
  kept = {used_, 0, used_, 0};
  if (used_ == kTagBytes) return;
  kept_[used_++] = ascii_lower(static_cast<char>(octet));
  kept.name_size = 1;
}

void Tokenizer::begin_value() noexcept {
  state_ = State::value;
  if (attributes_ == kAttributesMax) return;
  Kept& kept = attribute_[attributes_];
  if (kept.value_size == 0) kept.value = used_;
}

// Into the value of the attribute being read.
void Tokenizer::put(ByteView octets) noexcept {
  if (octets.empty()) return;
  if (attributes_ == kAttributesMax) {
    truncated_ = true;
    return;
  }
  std::uint16_t& size = attribute_[attributes_].value_size;
  const std::size_t taken = std::min({octets.size(), kAttributeBytes - size, kTagBytes - used_});
  std::memcpy(kept_.data() + used_, octets.data(), taken);
  used_ = static_cast<std::uint16_t>(used_ + taken);
  size = static_cast<std::uint16_t>(size + taken);
  truncated_ = truncated_ || taken < octets.size();
}

ByteView Tokenizer::feed_tag_name(ByteView in) noexcept {
  std::size_t at = 0;
  std::uint8_t size = tag_size_;
  for (; at < in.size() && !kTagNameEnd.has(in[at]); ++at)
    if (size < kTagNameBytes) tag_name_[size++] = ascii_lower(static_cast<char>(in[at]));
  tag_size_ = size;
  return in.subspan(at);
}

// It may be cut: no longer one is asked for.
ByteView Tokenizer::feed_name(ByteView in) noexcept {
  if (attributes_ == kAttributesMax) return in.subspan(size_before(kNameEnd, as_text(in)));
  std::uint16_t& size = attribute_[attributes_].name_size;
  const std::size_t room = std::min(2 * kTagNameBytes - size, kTagBytes - used_);
  std::size_t at = 0;
  std::size_t taken = 0;
  for (; at < in.size() && !kNameEnd.has(in[at]); ++at)
    if (taken < room) kept_[used_ + taken++] = ascii_lower(static_cast<char>(in[at]));
  used_ = static_cast<std::uint16_t>(used_ + taken);
  size = static_cast<std::uint16_t>(size + taken);
  truncated_ = truncated_ || (taken < at && used_ == kTagBytes);
  return in.subspan(at);
}

ByteView Tokenizer::feed_value(ByteView in) noexcept {
  const bool quoted = quote_ != 0;
  const std::size_t end = quoted ? find_byte(in, quote_) : find(kValueEnd, in);
  put(in.first(end));
  if (end == in.size()) return {};
  end_attribute();
  return in.subspan(quoted ? end + 1 : end);
}

void Tokenizer::end_attribute() noexcept {
  state_ = State::before_name;
  if (attributes_ == kAttributesMax) return;
  Kept& kept = attribute_[attributes_++];
  // Resolved in place: no reference is shorter than what it stands for.
  const std::size_t size =
      resolve_references({kept_.data() + kept.value, kept.value_size}, Within::attribute);
  kept.value_size = static_cast<std::uint16_t>(size);
  used_ = static_cast<std::uint16_t>(kept.value + size);
  if (kept.value_size == 0) used_ = static_cast<std::uint16_t>(kept.name + kept.name_size);
}

void Tokenizer::end_tag(TokenSink& sink) noexcept {
  state_ = State::text;
  pending_size_ = 0;
  const std::string_view name{tag_name_.data(), tag_size_};
  const Name id = name_of(name);
  if (end_tag_) {
    raw_ = false;
    references_ = true;
    sink.end_tag(id, name);
    return;
  }
  raw_ = traits_of(id).has(Trait::raw_text);
  references_ = !raw_ || id == "title"_name || id == "textarea"_name;
  raw_name_ = tag_name_;
  raw_size_ = tag_size_;
  Tag tag{id, name, {told_.data(), attributes_}, {}, truncated_};
  for (std::size_t i = 0; i < attributes_; ++i) {
    const Kept& kept = attribute_[i];
    const std::string_view attribute{kept_.data() + kept.name, kept.name_size};
    told_[i] = {name_of(attribute), attribute, {kept_.data() + kept.value, kept.value_size}};
    tag.names.add(told_[i].id);
  }
  sink.start_tag(tag);
}

// Behind "&": what is no reference stays as it is.
bool Tokenizer::step_reference(std::uint8_t octet, TokenSink& sink) noexcept {
  const bool first = pending_size_ == 1;
  if (is_letter(octet) || is_digit(octet) || (first && octet == '#')) {
    pending_[pending_size_++] = static_cast<char>(octet);
    if (pending_size_ < pending_.size() - 1) return true;
  }
  const bool taken = octet == ';' || pending_size_ == pending_.size() - 1;
  if (octet == ';') pending_[pending_size_++] = ';';
  const std::size_t size = resolve_references({pending_.data(), pending_size_}, Within::text);
  tell({pending_.data(), size}, sink);
  return taken;
}

}  // namespace sluice::scan::html
