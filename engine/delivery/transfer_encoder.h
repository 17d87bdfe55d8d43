// The content transfer encodings of RFC 2045, written piece by piece.
#pragma once

#include <string>
#include <string_view>

namespace sluice::delivery {

// RFC 2045 6.7. Lines go in without their ends, in any pieces.
class QuotedPrintableEncoder {
 public:
  void text(std::string_view piece, std::string& out);
  void line_end(std::string& out);
  // The last line had no end: neither has it when it is decoded.
  void finish(std::string& out);

 private:
  void put(std::string_view token, std::string& out);
  void put_held(bool at_end, std::string& out);

  std::size_t column_ = 0;
  char held_ = 0;  // white space that is encoded when the line ends behind it
};

// RFC 2045 6.8.
class Base64Encoder {
 public:
  void octets(std::string_view piece, std::string& out);
  void finish(std::string& out);  // with the end of the last line

 private:
  void put_group(std::string& out);

  std::string group_;  // at most 3 octets
  std::size_t column_ = 0;
};

}  // namespace sluice::delivery
