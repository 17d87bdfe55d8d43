// Reads "token", "/" and ";name=value" of structured MIME fields, leniently: comments are skipped,
// quotes may be missing or never close.
#pragma once

#include <optional>
#include <string_view>

#include "scanners/mime/bounded_text.h"

namespace sluice::scan::mime {

struct Parameter {
  std::string_view name;   // as written, also "boundary*0"
  BoundedText<256> value;  // quotes and backslashes removed
};

class ParameterReader {
 public:
  explicit ParameterReader(std::string_view field) noexcept : rest_(field) {}

  std::string_view token() noexcept;         // up to white space, "/", ";", "=", "(" or a quote
  bool accept(char c) noexcept;              // skips white space and comments first
  std::optional<Parameter> next() noexcept;  // the next ";name=value"; stray text is passed over

 private:
  void skip_space() noexcept;
  void skip_comment() noexcept;
  void read_quoted(BoundedText<256>& out) noexcept;

  std::string_view rest_;
};

}  // namespace sluice::scan::mime
