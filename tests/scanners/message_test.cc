// The texts of whole messages in the elements that rules see.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "tests/scanners/transcript.h"

namespace sluice::scan {
namespace {

constexpr mime::Wanted kRules{.rawbody = true, .body = true};

std::string elements(const std::string& message, mime::Wanted wanted = kRules,
                     mime::MessageLimits limits = {}) {
  auto transcript = std::make_unique<Transcript>(limits, wanted);
  transcript->of(message);
  const std::string whole = transcript->elements();
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{7}, std::size_t{1'000}}) {
    transcript->of(message, chunk);
    EXPECT_EQ(transcript->elements(), whole) << "chunks of " << chunk;
  }
  return whole;
}

TEST(MessageText, HasTheSubjectFirstAndParagraphsForLines) {
  EXPECT_EQ(elements("Subject: =?utf-8?q?Hi_there?=\r\n\r\none\r\ntwo\r\n\r\n  three\t four \r\n"),
            "body<Hi there\n>\nbody<one two\n>\nbody< three four >\n"
            "raw<one\ntwo\n\n  three\t four \n>\n");
  EXPECT_EQ(elements("\r\nx"), "body<\n>\nbody<x>\nraw<x>\n");
}

class Names final : public mime::MessageSink {
 public:
  std::string all;

 private:
  void part_begin(const mime::Part& part) noexcept override { all += part.file_name; }
};

std::string file_name(const std::string& parameters) {
  auto reader = std::make_unique<mime::MessageReader>(mime::MessageLimits{}, kRules);
  auto workspace = std::make_unique<mime::Workspace>();
  Names names;
  reader->begin();
  reader->feed(as_bytes("Content-Disposition: attachment; " + parameters + "\r\n\r\nx"), *workspace,
               names);
  reader->finish(*workspace, names);
  return names.all;
}

// What is left out of a long one is its middle: what programs do with a file is told by its end.
TEST(MessagePart, HasAFileNameWithItsEnd) {
  const std::string exe = ".pdf.exe";
  const std::string half(128, 'a');
  const std::string cut = half + half.substr(exe.size()) + exe;
  for (const std::size_t size : {252, 1'000, 3'000}) {
    const std::string name = std::string(size, 'a') + exe;
    EXPECT_EQ(file_name("filename=\"" + name + '"'), cut) << size;
    EXPECT_EQ(file_name("filename*=utf-8''" + name), cut) << size;
    EXPECT_EQ(file_name("filename*0=\"" + name.substr(0, 100) + "\"; filename*1=\"" +
                        name.substr(100) + '"'),
              cut)
        << size;
  }
  std::string encoded;
  for (int i = 0; i < 10; ++i) encoded += "=?utf-8?b?5paw5paw5paw5paw5paw?= ";  // 50 characters
  std::string meant;
  for (int i = 0; i < 50; ++i) meant += "新";
  EXPECT_EQ(file_name("filename=\"" + encoded + "=?utf-8?q?.exe?=\""), meant + ".exe");
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "新";
  const std::string kept = file_name("filename=\"" + wide + ".exe\"");
  EXPECT_EQ(kept, wide.substr(0, 126) + wide.substr(0, 123) + ".exe");
}

TEST(MessageText, PutsALineBetweenParts) {
  const std::string message =
      "Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
      "--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>two<br>three\r\n"
      "--b\r\nContent-Type: image/png\r\n\r\nPNG\r\n--b--\r\nepilogue\r\n";
  EXPECT_EQ(elements(message),
            "body<s\n>\nbody<one\n>\nbody<two three >\nraw<one>\nraw<<p>two<br>three>\n");
}

TEST(MessageText, ShowsWhatAPersonSees) {
  const std::string message =
      "Subject: s\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
      "V\xe2\x80\x8bi<span style=display:none>dden</span>agra";
  EXPECT_EQ(elements(message, {.visible = true}), "visible<s\n>\nvisible<Viagra>\n");
  EXPECT_EQ(elements(message, {.hidden = true}), "hidden<dden>\n");
}

TEST(MessageText, CutsLongLinesBehindASpaceAndLongPartsBehindALine) {
  std::string long_line;
  for (int i = 0; i < 600; ++i) long_line += fmt::format("word{:03} ", i);
  const std::string told = elements("\r\n" + long_line, {.body = true});
  EXPECT_EQ(told, "body<\n>\nbody<" + long_line.substr(0, 2'048) + ">\nbody<" +
                      long_line.substr(2'048, 2'048) + ">\nbody<" + long_line.substr(4'096) +
                      ">\n");
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += fmt::format("line {:054}\r\n", i);
  const std::string raw = elements("\r\n" + lines, {.rawbody = true});
  EXPECT_TRUE(raw.starts_with("raw<line 0"));
  EXPECT_EQ(raw.find("\n>\nraw<"), 4u + 35 * 60 - 1);
}

TEST(MessageText, EndsAtItsLimits) {
  mime::MessageLimits limits;
  limits.rawbody_part_bytes_max = 10;
  limits.body_part_bytes_max = 5;
  const std::string message = "\r\naaaa bbbb cccc dddd\r\neeee " + std::string(2'000, 'x');
  EXPECT_EQ(elements(message, kRules, limits),
            "body<\n>\nbody<aaaa bbbb cccc dddd >\nraw<aaaa bbbb cccc dddd\n>\n");
  auto transcript = std::make_unique<Transcript>(limits, kRules);
  transcript->of(message);
  EXPECT_NE(transcript->anomalies().find("text_limit"), std::string::npos);
}

TEST(MessageText, IsTakenOutOfUuencode) {
  const std::string message =
      "MIME-Version: 1\r\n\r\nbefore\r\nbegin 644 a.txt\r\n#86)C\r\n`\r\nend\r\nafter\r\n";
  auto transcript = std::make_unique<Transcript>();
  const std::string whole = transcript->of(message);
  EXPECT_NE(whole.find("{abc}"), std::string::npos) << whole;
  EXPECT_EQ(transcript->anomalies(), "uuencoded_text");
  for (std::size_t cut = 0; cut < message.size(); ++cut) {
    transcript->of_two(message, cut);
    ASSERT_EQ(transcript->anomalies(), "uuencoded_text");
  }
}

TEST(MessageText, CountsWhatItTold) {
  auto transcript = std::make_unique<Transcript>(mime::MessageLimits{}, kAllWanted);
  transcript->of("\r\nhttp://example.com/ x\r\n");
  EXPECT_EQ(transcript->facts().uris, 1u);
  EXPECT_EQ(transcript->facts().parts, 1u);
  EXPECT_GT(transcript->facts().visible_octets, 20u);
}

}  // namespace
}  // namespace sluice::scan
