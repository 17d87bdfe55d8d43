// Rules over the message as it came: in windows, the same whatever the chunks.
#include <gtest/gtest.h>

#include "scanners/mime/message_reader.h"
#include "scanners/spamassassin/rule_scan.h"

namespace sluice::scan::sa {
namespace {

constexpr const char* kRules =
    "full MARK /MARK(?:ER)?ED/\n"
    "full LONG /^[^\\r\\n]{998}/m\n"
    "full BACK /(\\d{4}) [^\\d]{0,900}\\1/\n"
    "full FRONT /^First: /\n"
    "full TAIL /last words\\r\\n$/\n"
    "full LINE /^Second: /m\n";

class SaFull : public testing::Test {
 protected:
  static std::shared_ptr<const Program> compile() {
    config::Problems problems;
    auto program = Program::compile(parse_rule_book(kRules, "full.cf", problems), {}, problems);
    EXPECT_EQ(config::text_of(problems), "");
    return program;
  }
  std::string hits(const std::string& message, std::size_t chunk) {
    scan_.begin();
    reader_->begin();
    for (ByteView rest = as_bytes(message); !rest.empty();) {
      const ByteView piece = rest.first(std::min(chunk, rest.size()));
      scan_.full(piece);
      reader_->feed(piece, tools_.workspace, scan_);
      rest = rest.subspan(piece.size());
    }
    reader_->finish(tools_.workspace, scan_);
    std::string names;
    for (std::uint32_t rule = 0; rule < program_->book().rules.size(); ++rule)
      if (scan_.count(rule) > 0) names += program_->rule(rule).name + " ";
    return names;
  }
  // The same in chunks of several sizes.
  std::string hits(const std::string& message) {
    std::string found = hits(message, SIZE_MAX);
    for (const std::size_t chunk : {1UL, 1'023UL, 16'384UL, 16'385UL})
      EXPECT_EQ(hits(message, chunk), found) << chunk;
    return found;
  }

  std::shared_ptr<const Program> program_ = compile();
  ScanTools tools_{*program_};
  RuleScan scan_{program_, tools_, 64 * 1024};
  std::unique_ptr<mime::MessageReader> reader_ =
      std::make_unique<mime::MessageReader>(mime::MessageLimits{}, RuleScan::wanted());
};

std::string lines(std::size_t octets) {
  std::string text;
  while (text.size() < octets) text += "of words\r\n";
  return text.substr(0, octets);
}

TEST_F(SaFull, SeesHeaderAndBodyAsTheyCame) {
  EXPECT_EQ(hits("First: 1\r\nSecond: MARKED\r\n\r\n1234 and 1234, last words\r\n"),
            "MARK BACK FRONT TAIL LINE ");
  EXPECT_EQ(hits("Second: 1\r\n\r\nFirst: words\r\n"), "LINE ");
  EXPECT_EQ(hits("First: 1\r\n\r\n" + std::string(998, 'x')), "LONG FRONT ");
}

TEST_F(SaFull, WhatIsAcrossTwoWindowsIsSeen) {
  for (const std::size_t at : {16'377UL, 16'380UL, 16'384UL, 31'740UL, 200'000UL}) {
    EXPECT_EQ(hits(lines(at) + "MARKERED" + lines(20'000)), "MARK ") << at;
    EXPECT_EQ(hits(lines(at) + "1234 x 1234" + lines(20'000)), "BACK ") << at;
  }
}

TEST_F(SaFull, BeginningAndEndAreThoseOfTheMessage) {
  // Of several windows each would have its own.
  EXPECT_EQ(hits(lines(16'384 - 1'024) + "First: " + lines(20'000)), "");
  EXPECT_EQ(hits(lines(16'384 - 12) + "last words\r\n" + lines(20'000)), "");
  EXPECT_EQ(hits(lines(16'384 - 12) + "last words\r\n"), "TAIL ");
}

TEST_F(SaFull, WhatIsFarBehindIsNotLookedAt) {
  EXPECT_EQ(hits(lines(kFullBytesMax - 6) + "MARKED" + lines(100)), "MARK ");
  EXPECT_EQ(hits(lines(kFullBytesMax - 5) + "MARKED" + lines(100)), "");
}

}  // namespace
}  // namespace sluice::scan::sa
