#include "scanners/mime/long_field.h"

#include "scanners/mime/parameter.h"

namespace sluice::scan::mime {

void LongField::begin() noexcept {
  text_.clear();
  begin_ = 0;
  comments_ = 0;
  quoted_ = escaped_ = equals_ = in_value_ = unknown_ = limit_reached_ = false;
}

void LongField::add(std::string_view value) noexcept {
  for (const char c : value)
    if (!take_within(c)) take(c);
}

// Of a comment or a quoted value.
bool LongField::take_within(char c) noexcept {
  if (comments_ == 0 && !quoted_) return false;
  if (quoted_) keep(c);
  if (escaped_ || c == '\\') {
    escaped_ = !escaped_;
  } else if (quoted_) {
    quoted_ = c != '"';
    if (!quoted_) end_parameter();
  } else if (c == '(') {
    ++comments_;
  } else if (c == ')') {
    --comments_;
  }
  return true;
}

void LongField::take(char c) noexcept {
  if (c == '(' && !in_value_) {
    comments_ = 1;
    c = ' ';
  }
  const bool blank = c == ' ' || c == '\t';
  if (blank && (text_.empty() || text_.view().back() == ' ')) return;
  if (c == ';') {
    if (!equals_ && begin_ > 0) text_.truncate(begin_);  // stray text
    end_parameter();
    if (!text_.view().ends_with(';')) keep(c);
    begin_ = text_.view().size();
    return;
  }
  if (c == '=' && !equals_) {
    take_equals();
    return;
  }
  keep(blank ? ' ' : c);
  if (!equals_ || in_value_ || blank) return;
  quoted_ = c == '"';
  in_value_ = !quoted_;
}

void LongField::take_equals() noexcept {
  const std::string_view text = text_.view();
  const std::size_t end = text.find_last_not_of(' ') + 1;
  const std::size_t word = text.substr(0, end).find_last_of(" ;\"") + 1;
  equals_ = true;
  unknown_ = !is_known_parameter(text.substr(word, end - word));
  if (unknown_) text_.truncate(begin_ > 0 ? begin_ : word);
  keep('=');
}

void LongField::end_parameter() noexcept {
  equals_ = in_value_ = unknown_ = false;
  begin_ = text_.view().size();
}

void LongField::keep(char c) noexcept {
  if (unknown_ || (!equals_ && parameter_bytes() > kNameBytes)) return;
  limit_reached_ = limit_reached_ || text_.view().size() == kLongFieldBytes;
  text_.append({&c, 1});
}

}  // namespace sluice::scan::mime
