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
      {"folded", "A: 1\r\n 2\r\n\t3\r\nB:x\r\n\r\nbody\r\n", "M A: 1 2 3\nM B: x\n[body\r\n]\n"});
  expect_row({"bare LF", "A: 1\n 2\n\nbody\n", "M A: 1 2\n[body\n]\n"});
  expect_row({"mbox line", "From a@b Thu 1\r\nA: 1\r\n\r\nx", "M A: 1\n[x]\n"});
  expect_row({"no body", "A: 1\r\n", "M A: 1\n[]\n"});
  expect_row({"no header", "\r\nbody", "[body]\n"});
  expect_row({"empty", "", "[]\n"});
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
              "M Content-Type: multipart/mixed; boundary=\"b\"\n[pre]\n[one]\n"
              "P X: y\n[--bc\r\n-\r\n--]\n[epi\r\n]\n"});
}

TEST(MimeWalker, ClosesNestedPartsAtAnOuterDelimiter) {
  const std::string message =
      "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n"
      "Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nin\r\n--o\r\n\r\n--i\r\nout\r\n";
  expect_row({"unclosed", message,
              "M Content-Type: multipart/mixed; boundary=o\n"
              "P Content-Type: multipart/mixed; boundary=i\n[in]\n[--i\r\nout\r\n]\n"});
}

TEST(MimeWalker, WalksIntoAttachedMessages) {
  expect_row({"rfc822", "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nx",
              "M Content-Type: message/rfc822\nP Subject: in\n[x]\n"});
  expect_row({"digest",
              "Content-Type: multipart/digest; boundary*0=d; boundary*1=g\r\n\r\n"
              "--dg\r\n\r\nS: 1\r\n\r\nx",
              "M Content-Type: multipart/digest; boundary*0=d; boundary*1=g\nP S: 1\n[x]\n"});
  expect_row({"no header within", "Content-Type: message/rfc822\r\nstray\r\n",
              "M Content-Type: message/rfc822\n[stray\r\n]\n"});
}

TEST(MimeWalker, EndsAPartWithoutBlankLineAtTheDelimiter) {
  expect_row({"delimiter in header",
              "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nA: 1\r\n--b\r\n\r\nx",
              "M Content-Type: multipart/mixed; boundary=b\nP A: 1\n[]\n[x]\n"});
}

// What its preamble would be is what a person may see.
TEST(MimeWalker, TellsAMultipartThatIsNeverDelimitedAsOnePart) {
  const std::string type = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  const std::string header = "M Content-Type: multipart/mixed; boundary=b\n";
  expect_row({"text", type + "text\r\n-x\r\n", header + "[text\r\n-x\r\n]\n"});
  expect_row({"with a header", type + "Content-Type: text/html\r\n\r\n<b>\r\n--c\r\n",
              header + "P Content-Type: text/html\n[<b>\r\n--c\r\n]\n"});
  expect_row({"a header alone", type + "A: 1\r\n", header + "P A: 1\n[]\n"});
  expect_row({"closed", type + "A: 1\r\ntext\r\n--b--\r\nepi", header + "P A: 1\n[text]\n[epi]\n"});
  expect_row({"nothing nests in it",
              type + "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n",
              header + "P Content-Type: multipart/mixed; boundary=c\n[--c\r\n]\n"});
  expect_row({"nothing", type, header});
  const std::string outer = "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n";
  expect_row({"within another", outer + type + "text\r\n--o--\r\n",
              "M Content-Type: multipart/mixed; boundary=o\nP" + header.substr(1) + "[text]\n"});
  expect_row({"no boundary", "Content-Type: multipart/mixed\r\n\r\nA: 1\r\n\r\ntext\r\n",
              "M Content-Type: multipart/mixed\nP A: 1\n[text\r\n]\n"});
}

TEST(MimeWalker, TakesTheLastOfRepeatedFields) {
  const std::string text = "Content-Type: text/plain\r\n";
  const std::string multipart = "Content-Type: multipart/mixed; boundary=b\r\n";
  const std::string body = "\r\n--b\r\n\r\nx\r\n--b--\r\n";
  expect_row({"multipart last", text + multipart + body,
              "M Content-Type: text/plain\nM Content-Type: multipart/mixed; boundary=b\n[x]\n"});
  expect_row({"text last", multipart + text + body,
              "M Content-Type: multipart/mixed; boundary=b\nM Content-Type: text/plain\n"
              "[--b\r\n\r\nx\r\n--b--\r\n]\n"});
}

TEST(MimeWalker, TellsALongPreambleAsAPart) {
  const std::string type = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  const std::string header = "M Content-Type: multipart/mixed; boundary=b\n";
  std::string lines;
  while (lines.size() < mime::kPreambleBytes) lines += "-a line\r\n";
  auto transcript = std::make_unique<Transcript>();
  const std::string message = type + "A: 1\r\n\r\n" + lines + "\r\n--b\r\n\r\nx";
  const std::string expected = header + "P A: 1\n[" + lines + "]\n[x]\n";
  EXPECT_EQ(transcript->of(message), expected);
  for (std::size_t chunk : {1, 2, 3, 7, 64, 1'000, 8'191, 8'192, 8'193})
    EXPECT_EQ(transcript->of(message, chunk), expected) << chunk;
}

TEST(MimeWalker, PassesOverPaddingBehindADelimiter) {
  const std::string message =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b" + std::string(600, ' ') + "\r\n\r\nx";
  expect_row({"padding", message, "M Content-Type: multipart/mixed; boundary=b\n[x]\n"});
}

TEST(MimeWalker, TellsAnOverlongFieldInPieces) {
  std::string value;
  for (int i = 0; i < 1'200; ++i) value += fmt::format("word{}{}", i, i % 90 == 7 ? "\r\n " : " ");
  std::string unfolded = value;
  for (std::size_t at; (at = unfolded.find("\r\n")) != unfolded.npos;) unfolded.erase(at, 2);
  unfolded.resize(unfolded.find_last_not_of(' ') + 2);
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
  expect_row(
      {"parts", message, "M Content-Type: multipart/mixed; boundary=b\n[1]\n[2]\n[X: 3\r\n]\n"},
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
  expect_row({"field limit", "A: 1\r\nB: 2\r\nC: 3\r\n\r\nx", "M A: 1\nM B: 2\n[x]\n"},
             {.header_fields_max = 2});
}

// What is wrong with the form of a message is evidence, and nothing else is.
TEST(MimeWalker, NamesWhatIsAmbiguous) {
  const std::string mixed = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=";
  const std::string rest = "\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n";
  const struct {
    std::string message;
    const char* anomalies;
  } rows[] = {
      {"Subject: x\r\n\r\nbody\r\n", ""},
      {mixed + "b" + rest, ""},
      {"Content-Type: multipart/mixed; boundary=b" + rest, "missing_mime_version"},
      {mixed + "b\r\nContent-Type: text/html" + rest, "duplicate_content_type"},
      {mixed + "b\r\nContent-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64" + rest,
       "duplicate_encoding encoded_composite"},
      {mixed + "b; boundary=c" + rest, "duplicate_parameter"},
      {mixed + "b; boundary*=us-ascii''b" + rest, "duplicate_parameter"},
      {mixed + "b; x=\"open" + rest, "broken_parameter"},
      {mixed + "b (comment)" + rest, "broken_parameter"},
      {mixed + "(comment) b" + rest, "comment_in_type"},
      {"MIME-Version: 1.0\r\nContent-Type: text\r\n\r\n", "broken_type"},
      {"Subject: x\r\nno field\r\n\r\n", "field_without_name"},
      {"Subject : x\r\n\r\n", "space_before_colon"},
      {"Subject: x\ry\r\n\r\n", "header_control_octet"},
      {"Subject: \xfc\r\n\r\n", "header_eight_bit"},
      {"Subject: a\r\n \t\r\n b\r\n\r\n", "blank_continuation"},
      {"Subject: x\r\nSubject: y\r\n\r\n", "duplicate_identity"},
      {"Subject: x\r\n", "missing_blank_line"},
      {mixed + "b\r\n--b\r\n\r\nx\r\n--b--\r\n", "field_without_name"},
      {mixed + "b\r\n\r\n--b\r\nA: 1\r\n--b--\r\n", "missing_blank_line"},
      {"MIME-Version: 1\r\nContent-Type: multipart/mixed\r\n\r\n\r\n", "boundary_missing no_parts"},
      {mixed + "\"\"\r\n\r\n\r\n", "boundary_empty no_parts"},
      {fmt::format("{}{:b>71}\r\n\r\n--{:b>71}--\r\n", mixed, "", ""), "boundary_long"},
      {mixed + "\"b#\"\r\n\r\n--b#--\r\n", "boundary_strange"},
      {mixed + "b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n--b--",
       "boundary_reused"},
      {mixed + "b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=bc\r\n\r\n"
               "--bc\r\n\r\n--bc--\r\n--b--\r\n",
       "boundary_prefix"},
      {mixed + "b\r\n\r\n--b\r\n\r\nx", "close_delimiter_missing"},
      {mixed + "b\r\n\r\n\r\n", "no_parts"},
      {mixed + "b\r\n\r\n--b\r\n\r\n--bc\r\n--b--", "delimiter_lookalike"},
      {mixed + "b\r\n\r\npre\r\n--b\r\n\r\n--b--\r\n", "preamble_text"},
      {mixed + "b\r\n\r\npre\r\n--b--\r\n", "no_parts"},
      {mixed + "b\r\n\r\n--b--\r\nepilogue", "epilogue_text"},
      {"MIME-Version: 1\r\nContent-Transfer-Encoding: rot13\r\n\r\n", "unknown_encoding"},
      {fmt::format("\r\n{:x>999}\r\n", ""), "line_too_long"},
      {fmt::format("\r\n{:x>998}\r\n", ""), ""},
      {"MIME-Version: 1\r\nContent-Type: message/partial\r\n\r\n", "partial_message"},
      {"MIME-Version: 1\r\nContent-Type: application/ms-tnef\r\n\r\n", "tnef"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.message);
    auto transcript = std::make_unique<Transcript>();
    for (const std::size_t chunk : {SIZE_MAX, std::size_t{1}, std::size_t{7}}) {
      transcript->of(row.message, chunk);
      EXPECT_EQ(transcript->anomalies(), row.anomalies) << chunk;
    }
  }
}

TEST(MimeWalker, PutsParametersInPiecesTogether) {
  const struct {
    const char* field;
    const char* name;
  } rows[] = {
      {"attachment; filename=\"a b.txt\"", "a b.txt"},
      {"attachment; filename=a b.txt; size=3", "a b.txt"},
      {"attachment; filename=\"a\\\"b\"", "a\"b"},
      {"attachment; filename*=utf-8'en'%c3%a4%", "utf-8:\xc3\xa4%"},
      {"attachment; filename*1*=%20c; filename*0*=koi8-r''%c1; filename*2=\"%20\"",
       "koi8-r:\xc1 c%20"},
      {"attachment; filename=plain; filename*0=\"better\"", "better"},
      {"attachment; filename*1=lost", ""},
  };
  for (const auto& row : rows) {
    mime::Entity entity;
    entity.reset(mime::MediaKind::text);
    entity.note_field("Content-Disposition", row.field);
    std::string name(entity.file_name.charset.view());
    if (!name.empty()) name += ':';
    EXPECT_EQ(name + std::string(entity.file_name.text.view()), row.name) << row.field;
  }
}

// A field is told in pieces of 4 KiB; what it says of the body may be in any of them.
TEST(MimeWalker, ReadsWhatIsFarBehindInAField) {
  std::string parameters;
  for (int i = 0; i < 6; ++i) parameters += fmt::format("\r\n x{}=\"{:;>900}\";", i, "");
  std::string small;
  for (int i = 0; i < 40; ++i) small += fmt::format(" p{}=q;", i);
  std::string names;
  for (int i = 0; i < 40; ++i) names += fmt::format(" name=n; name*{}=q;", i);
  std::string blanks;
  for (int i = 0; i < 6; ++i) blanks += "\r\n" + std::string(900, ' ');
  const std::string comment = blanks + "(" + blanks + "; boundary=c (\\)\")" + blanks + ")";
  const std::string many(20'000, ' ');
  const std::string fields[] = {
      "multipart/mixed;" + parameters + " boundary=b",
      "multipart/mixed; BOUNDARY = \"b\";" + parameters,
      "multipart/mixed; boundary*0=b;" + parameters,
      "multipart/mixed;" + parameters + parameters + parameters + parameters + " boundary=b",
      "multipart/mixed; x=\"" + std::string(9'000, 'x') + "\" boundary=b",
      "multipart/mixed; x=" + std::string(9'000, '\"') + "; boundary=b",
      "multipart/mixed;" + small + " boundary=b",
      "multipart/mixed;" + names + " boundary=b",
      "multipart/mixed;" + blanks + " boundary=b",
      blanks + "multipart/mixed; boundary=b",
      comment + "multipart/mixed" + comment + "; boundary=" + comment + "b",
      "multipart/mixed;" + many + "boundary=b" + many + ";" + many};
  auto transcript = std::make_unique<Transcript>();
  for (const std::string& field : fields) {
    SCOPED_TRACE(field.substr(0, 40));
    const std::string message = "Content-Type: " + field + "\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n";
    for (const std::size_t chunk : {SIZE_MAX, std::size_t{1}, std::size_t{1'000}})
      EXPECT_TRUE(transcript->of(message, chunk).ends_with("\n[x]\n")) << chunk;
  }
  for (const std::string& before : {blanks, comment, std::string()})
    for (const std::string& behind : {blanks, comment, std::string()}) {
      const std::string field = "Content-Transfer-Encoding: " + before + "base64" + behind;
      EXPECT_TRUE(transcript->of(field + "\r\n\r\nVmlhZ3Jh\r\n").ends_with("[Viagra]\n"));
    }
}

TEST(MimeWalker, SaysThatAFieldHasMoreParametersThanAreRead) {
  std::string pieces;
  for (int i = 0; i < 30; ++i) pieces += fmt::format("; name*{}={:a>900}", i, "");
  auto transcript = std::make_unique<Transcript>();
  transcript->of("MIME-Version: 1\r\nContent-Type: text/plain" + pieces + "\r\n\r\nx");
  EXPECT_EQ(transcript->anomalies(), "parameter_limit");
}

// Other programs pass over a line that is no field; a body that begins without a blank line is one.
TEST(MimeWalker, PassesOverALineThatIsNoFieldWithinAPartsHeader) {
  const std::string begin =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n";
  const std::string told =
      "M Content-Type: multipart/mixed; boundary=b\nP Content-Type: text/plain\n";
  const std::string base64 = "Content-Transfer-Encoding: base64\r\n\r\nVmlhZ3Jh\r\n--b--\r\n";
  const std::string undone = told + "P Content-Transfer-Encoding: base64\n[Viagra]\n";
  expect_row({"one", begin + "junk line\r\n" + base64, undone});
  expect_row({"some", begin + "junk\r\nT\xc3\xbcr: auf\r\nX: y\r\n z\r\n" + base64, undone});
  expect_row({"the body", begin + "text\r\nX: y\r\nmore\r\n\r\n--b--\r\n",
              told + "[text\r\nX: y\r\nmore\r\n]\n"});
  expect_row({"the end", begin + "text\r\nmo", told + "[text\r\nmo]\n"});
  expect_row(
      {"a field at the end", begin + "text\r\nContent-ID: y", told + "P Content-ID: y\n[]\n"});
  expect_row({"a delimiter", begin + "text\r\n--b\r\n\r\nx", told + "[text]\n[x]\n"});
  expect_row({"a field behind the blank line", begin + "text\r\n\r\n" + base64,
              told + "[text\r\n\r\n" + base64.substr(0, base64.find("\r\n--b")) + "]\n"});
  expect_row({"a delimiter with padding",
              begin + "text\r\n--b" + std::string(600, ' ') + "\r\n\r\nx", told + "[text]\n[x]\n"});
  const std::string lines = "text\r\n" + std::string(1'100, 'x') + "\r\n";
  expect_row({"a long body", begin + lines + base64,
              told + "[" + lines + base64.substr(0, base64.find("\r\n--b")) + "]\n"});
}

TEST(MimeWalker, ReadsABoundaryWithBrackets) {
  expect_row({"brackets",
              "Content-Type: multipart/mixed; boundary=a(b) c; x=y\r\n\r\n--a(b)\r\n\r\nx",
              "M Content-Type: multipart/mixed; boundary=a(b) c; x=y\n[x]\n"});
}

TEST(MimeWalker, ReadsTheTypeThroughCommentsAndQuotes) {
  const char* const rows[] = {
      "multipart/mixed; boundary=\"a\\b\"", "multipart/mixed (x(y)z) ; (boundary=q) BOUNDARY=ab",
      "Multipart/Mixed;; charset ; boundary = ab ; boundary=cd", "multipart/mixed boundary=\"ab"};
  for (const char* row : rows) {
    SCOPED_TRACE(row);
    auto transcript = std::make_unique<Transcript>();
    EXPECT_EQ(transcript->of(std::string("Content-Type: ") + row + "\r\n\r\n--ab\r\n\r\nx"),
              std::string("M Content-Type: ") + row + "\n[x]\n");
  }
}

}  // namespace
}  // namespace sluice::scan
