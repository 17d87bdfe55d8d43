// Reads text from left to right: blanks and comments are skipped between tokens, lines are counted.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sluice::script {

// A script that is not understood, with the place.
struct SyntaxError : std::runtime_error {
  SyntaxError(int line_in, const std::string& what) : std::runtime_error(what), line(line_in) {}
  int line;
};

class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  int line() const { return line_; }
  std::size_t position() const { return at_; }
  std::string_view between(std::size_t from, std::size_t to) const {
    return text_.substr(from, to - from);
  }

  void skip_blanks();  // white space and comments
  bool at_end();       // after blanks
  char peek();         // after blanks; 0 at the end
  char next_char() const { return at_ < text_.size() ? text_[at_] : '\0'; }  // no blanks skipped
  char take_char();
  bool accept(std::string_view token);  // takes it if it comes next
  void expect(std::string_view token);
  std::string word();  // letters, digits, '_'; may be empty
  std::string take_while(std::string_view characters);
  std::string until(std::string_view end);  // the text before `end`, which is taken too
  std::uint64_t number();                   // decimal or 0x…
  std::int64_t microseconds();              // of a decimal fraction in seconds
  bool digit_follows();

  [[noreturn]] void fail(const std::string& what) const { throw SyntaxError(line_, what); }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace sluice::script
