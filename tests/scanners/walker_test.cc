#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/scanners/transcript.h"

namespace sluice::scan {
namespace {

struct Row {
  const char* what;
  std::string message;
  std::string expected;
};

// Every row is told alike for every place where the message may be cut in two, and octet by octet.
void expect_row(const Row& row, mime::WalkerLimits limits = {}) {
  SCOPED_TRACE(row.what);
  auto transcript = std::make_unique<Transcript>(limits);
  EXPECT_EQ(transcript->of(row.message), row.expected);
  EXPECT_EQ(transcript->of(row.message, 1), row.expected);
  for (std::size_t cut = 0; cut <= row.message.size(); ++cut)
    ASSERT_EQ(transcript->of_two(row.message, cut), row.expected) << "cut at " << cut;
}

TEST(MimeWalker, UnfoldsFieldsAndEndsTheHeaderAtTheBlankLine) {
  expect_row(
      {"folded", "A: 1\r\n 2\r\n\t3\r\nB:x\r\n\r\nbody\r\n", "M A: 1 2\t3\nM B:x\n[body\r\n]\n"});
  expect_row({"bare LF", "A: 1\n 2\n\nbody\n", "M A: 1 2\n[body\n]\n"});
  expect_row({"mbox line", "From a@b Thu 1\r\nA: 1\r\n\r\nx", "M A: 1\n[x]\n"});
  expect_row({"no body", "A: 1\r\n", "M A: 1\n"});
  expect_row({"no header", "\r\nbody", "[body]\n"});
  expect_row({"empty", "", ""});
}

TEST(MimeWalker, TakesALineThatIsNoFieldForTheBody) {
  expect_row(
      {"stray", "A: 1\r\nno field here\r\nB: 2\r\n", "M A: 1\n[no field here\r\nB: 2\r\n]\n"});
  expect_row({"space first", " x\r\ny", "[ x\r\ny]\n"});
  expect_row({"cut off", "A: 1\r\nno fi", "M A: 1\n[no fi]\n"});
}

TEST(MimeWalker, TellsThePartsOfAMultipart) {
  const std::string message =
      "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"
      "pre\r\n--b\r\n\r\none\r\n--b \r\nX: y\r\n\r\n--bc\r\n-\r\n--\r\n--b--\r\nepi\r\n";
  expect_row({"two parts", message,
              "M Content-Type: multipart/mixed; boundary=\"b\"\n[pre\r\n]\n[one\r\n]\n"
              "P X: y\n[--bc\r\n-\r\n--\r\n]\n[epi\r\n]\n"});
}

TEST(MimeWalker, ClosesNestedPartsAtAnOuterDelimiter) {
  const std::string message =
      "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n"
      "Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nin\r\n--o\r\n\r\n--i\r\nout\r\n";
  expect_row({"unclosed", message,
              "M Content-Type: multipart/mixed; boundary=o\n[]\n"
              "P Content-Type: multipart/mixed; boundary=i\n[]\n[in\r\n]\n[--i\r\nout\r\n]\n"});
}

TEST(MimeWalker, WalksIntoAttachedMessages) {
  expect_row({"rfc822", "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nx",
              "M Content-Type: message/rfc822\nP Subject: in\n[x]\n"});
  expect_row({"digest",
              "Content-Type: multipart/digest; boundary*0=d; boundary*1=g\r\n\r\n"
              "--dg\r\n\r\nS: 1\r\n\r\nx",
              "M Content-Type: multipart/digest; boundary*0=d; boundary*1=g\n[]\nP S: 1\n[x]\n"});
  expect_row({"no header within", "Content-Type: message/rfc822\r\nstray\r\n",
              "M Content-Type: message/rfc822\n[stray\r\n]\n"});
}

TEST(MimeWalker, EndsAPartWithoutBlankLineAtTheDelimiter) {
  expect_row({"delimiter in header",
              "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nA: 1\r\n--b\r\n\r\nx",
              "M Content-Type: multipart/mixed; boundary=b\n[]\nP A: 1\n[x]\n"});
}

TEST(MimeWalker, PassesOverPaddingBehindADelimiter) {
  const std::string message =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b" + std::string(600, ' ') + "\r\n\r\nx";
  expect_row({"padding", message, "M Content-Type: multipart/mixed; boundary=b\n[]\n[x]\n"});
}

TEST(MimeWalker, TellsAnOverlongFieldInPieces) {
  std::string value;
  for (int i = 0; i < 1'200; ++i) value += fmt::format("word{}{}", i, i % 90 == 7 ? "\r\n " : " ");
  std::string unfolded = value;
  for (std::size_t at; (at = unfolded.find("\r\n")) != unfolded.npos;) unfolded.erase(at, 2);
  auto transcript = std::make_unique<Transcript>();
  const std::string message = "Long: " + value + "\r\nB: 1\r\n\r\nx";
  const std::string expected = "M Long: " + unfolded + "\nM B: 1\n[x]\n";
  EXPECT_EQ(transcript->of(message), expected);
  for (std::size_t chunk : {1, 2, 3, 7, 64, 1'000, 4'095, 4'096, 4'097})
    EXPECT_EQ(transcript->of(message, chunk), expected) << chunk;
}

TEST(MimeWalker, TellsTheRestAsOneLeafWhenThereAreTooManyParts) {
  const std::string message =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n1\r\n"
      "--b\r\n\r\n2\r\n--b\r\nX: 3\r\n";
  expect_row({"parts", message,
              "M Content-Type: multipart/mixed; boundary=b\n[]\n[1\r\n]\n[2\r\n]\n[X: 3\r\n]\n"},
             {.parts_max = 2});
}

TEST(MimeWalker, TellsWhatIsNestedTooDeepAsText) {
  const std::string message =
      "Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\n"
      "Subject: deep\r\n\r\nx";
  expect_row({"depth", message,
              "M Content-Type: message/rfc822\nP Content-Type: message/rfc822\n"
              "[Subject: deep\r\n\r\nx]\n"},
             {.depth_max = 1});
}

TEST(MimeWalker, PassesOverFieldsBehindTheHeaderLimit) {
  expect_row({"header limit", "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\nx", "M A: 1\nM B: 2\n[x]\n"},
             {.header_bytes_max = 18});
}

TEST(MimeWalker, ReadsTheTypeThroughCommentsAndQuotes) {
  const char* const rows[] = {
      "multipart/mixed; boundary=\"a\\b\"", "multipart/mixed (x(y)z) ; (boundary=q) BOUNDARY=ab",
      "Multipart/Mixed;; charset ; boundary = ab ; boundary=cd", "multipart/mixed boundary=\"ab"};
  for (const char* row : rows) {
    SCOPED_TRACE(row);
    auto transcript = std::make_unique<Transcript>();
    EXPECT_EQ(transcript->of(std::string("Content-Type: ") + row + "\r\n\r\n--ab\r\n\r\nx"),
              std::string("M Content-Type: ") + row + "\n[]\n[x]\n");
  }
}

}  // namespace
}  // namespace sluice::scan
