// What the name of a file makes a person expect, what a system will do with it, and the tricks that
// make the two differ.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "scanners/attachment/file_type.h"

namespace sluice::scan::attachment {

enum class NameSign : std::uint8_t {
  text_direction,    // characters that turn the direction of text: "annexe[RLO]fdp.exe"
  double_extension,  // "invoice.pdf.exe"
  padded,            // blanks in front of the extension: "invoice.pdf          .exe"
  trailing,          // dots or blanks at the end, which Windows takes off
  class_id,          // ".{3050F4D8-…}": a CLSID for an extension
  path,              // "../../autorun", "C:\autorun"
  hidden,            // control characters or such without width
};

// What one extension stands for.
struct Extension {
  std::string_view name;
  bool runs = false;   // opened by a click, it runs
  TypeSet types = 0;   // what content may be; 0: anything
  bool opens = false;  // worth unpacking or reading for what it carries
};

class FileName {
 public:
  explicit FileName(std::string_view utf8) noexcept;

  bool has(NameSign sign) const noexcept {
    return (signs_ >> static_cast<unsigned>(sign) & 1) != 0;
  }
  bool disguised() const noexcept { return signs_ != 0; }
  std::string_view extension() const noexcept { return {extension_.data(), size_}; }  // lower case
  const Extension* known() const noexcept { return known_; }  // null: it says nothing
  bool runs() const noexcept {
    return (known_ != nullptr && known_->runs) || has(NameSign::class_id);
  }

 private:
  void note(NameSign sign) noexcept {
    signs_ |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(sign));
  }
  void note_characters(std::string_view name) noexcept;
  void take_extension(std::string_view name) noexcept;

  std::uint8_t signs_ = 0;
  std::array<char, 12> extension_{};
  std::size_t size_ = 0;
  const Extension* known_ = nullptr;
};

// What a declared type makes one expect of the content; 0: it says nothing.
TypeSet types_declared(std::string_view media_type) noexcept;

}  // namespace sluice::scan::attachment
