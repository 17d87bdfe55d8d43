// HTML as browsers cut it into tokens (WHATWG HTML 13.2.5), incremental and in fixed memory: names
// and values are cut at what is kept of them, and so are comments and declarations. Input and
// output are well-formed UTF-8, never cut within a character.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "engine/base/bytes.h"
#include "scanners/html/name.h"

namespace sluice::scan::html {

struct Attribute {
  Name id = Name::other;
  std::string_view name;   // lower case
  std::string_view value;  // character references resolved
};

inline constexpr std::size_t kTagNameBytes = 16;  // longer names are none that matter
inline constexpr std::size_t kAttributesMax = 24;
inline constexpr std::size_t kTagBytes = 6 * 1024;  // names and values of one tag
inline constexpr std::size_t kAttributeBytes = 4 * 1024;
inline constexpr std::size_t kMarkupBytes = 256;  // of a comment or declaration

constexpr bool is_space(unsigned octet) noexcept {
  return octet == ' ' || octet == '\n' || octet == '\t' || octet == '\r' || octet == '\f';
}

constexpr std::string_view trim(std::string_view text) noexcept {
  const auto blank = [](char c) { return is_space(static_cast<unsigned char>(c)); };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

class AttributeNames {
 public:
  constexpr void add(Name attribute) noexcept { bits_ |= bit(attribute); }
  constexpr bool has(Name attribute) const noexcept { return (bits_ & bit(attribute)) != 0; }
  constexpr bool has_any(AttributeNames of) const noexcept { return (bits_ & of.bits_) != 0; }

 private:
  static constexpr std::uint32_t bit(Name name) noexcept {
    const auto place = static_cast<std::size_t>(name);
    return place > 0 && place < kAttributeNames ? 1U << place : 0;
  }
  std::uint32_t bits_ = 0;
};

constexpr AttributeNames attribute_names(std::initializer_list<Name> names) noexcept {
  AttributeNames all;
  for (const Name name : names) all.add(name);
  return all;
}

struct Tag {
  Name id = Name::other;
  std::string_view name;  // lower case
  std::span<const Attribute> attributes;
  AttributeNames names;    // of the attributes
  bool truncated = false;  // an attribute was cut or dropped
  bool has(Name attribute) const noexcept { return names.has(attribute); }
  // The first of the name counts; empty when there is none.
  std::string_view value(Name attribute) const noexcept;
};

class TokenSink {
 public:
  virtual void characters(ByteView utf8) noexcept = 0;
  virtual void start_tag(const Tag& tag) noexcept = 0;
  virtual void end_tag(Name id, std::string_view name) noexcept = 0;
  // "<!--…-->", "<!doctype …>", "<?…>": as written, from "<" to ">", cut before the ">".
  virtual void markup(std::string_view text) noexcept = 0;

 protected:
  ~TokenSink() = default;
};

class Tokenizer {
 public:
  void begin() noexcept;
  void feed(ByteView utf8, TokenSink& sink) noexcept;
  void finish(TokenSink& sink) noexcept;

 private:
  enum class State : std::uint8_t {
    text,
    reference,  // "&…" in text
    tag_open,   // "<"
    end_tag_open,
    raw_tag_name,  // behind "</" in raw text
    tag_name,
    before_name,
    name,
    after_name,
    before_value,
    value,
    markup,  // "<!"
    bogus,   // to ">"
    comment,
  };

  ByteView feed_text(ByteView in, TokenSink& sink) noexcept;
  ByteView feed_tag(ByteView in, TokenSink& sink) noexcept;
  ByteView feed_tag_name(ByteView in) noexcept;
  ByteView feed_name(ByteView in) noexcept;
  ByteView feed_value(ByteView in) noexcept;
  ByteView feed_bogus(ByteView in, TokenSink& sink) noexcept;
  ByteView feed_comment(ByteView in, TokenSink& sink) noexcept;
  bool step(std::uint8_t octet, TokenSink& sink) noexcept;  // false: look at it again
  bool step_tag_open(std::uint8_t octet, TokenSink& sink) noexcept;
  bool step_markup(std::uint8_t octet) noexcept;
  bool step_raw_tag_name(std::uint8_t octet, TokenSink& sink) noexcept;
  bool step_reference(std::uint8_t octet, TokenSink& sink) noexcept;
  void begin_tag(bool end) noexcept;
  void begin_attribute(std::uint8_t octet) noexcept;
  void begin_value() noexcept;
  void put(ByteView octets) noexcept;
  void keep_markup(ByteView octets) noexcept;
  void end_markup(TokenSink& sink) noexcept;
  void end_attribute() noexcept;
  void end_tag(TokenSink& sink) noexcept;
  bool ends_raw_text() const noexcept;
  void tell(std::string_view text, TokenSink& sink) noexcept;

  struct Kept {
    std::uint16_t name = 0;
    std::uint16_t name_size = 0;
    std::uint16_t value = 0;
    std::uint16_t value_size = 0;
  };

  State state_ = State::text;
  bool end_tag_ = false;
  bool truncated_ = false;
  bool raw_ = false;         // within script, style …: only its end tag is one
  bool references_ = true;   // resolved in the raw text
  std::uint8_t quote_ = 0;   // of the value; 0: none
  std::uint8_t dashes_ = 0;  // at the end of the comment so far
  bool comment_begun_ = false;
  std::uint8_t tag_size_ = 0;
  std::uint8_t raw_size_ = 0;
  std::uint8_t attributes_ = 0;
  std::uint8_t pending_size_ = 0;
  std::uint16_t used_ = 0;  // of kept_
  std::array<char, kTagNameBytes> tag_name_;
  std::array<char, kTagNameBytes> raw_name_;
  std::array<char, 40> pending_;  // "<…", "</…", "&…" that may still be text
  std::array<Kept, kAttributesMax> attribute_;
  std::array<Attribute, kAttributesMax> told_;  // as the sink is told
  std::array<char, kTagBytes> kept_;
};

}  // namespace sluice::scan::html
