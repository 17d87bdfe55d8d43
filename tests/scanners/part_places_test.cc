// Where the parts of a message stand among its octets, for whoever takes one out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scanners/mime/message_reader.h"

namespace sluice::scan::mime {
namespace {

using testing::ElementsAre;

class Places final : public MessageSink {
 public:
  explicit Places(std::string_view message) : message_(message) {}
  std::vector<std::string> told;

 private:
  void part_end(const Part& part) noexcept override {
    told.push_back(
        part.section_at == kNowhere
            ? "-"
            : std::string(message_.substr(part.section_at, part.end_at - part.section_at)));
  }
  std::string_view message_;
};

// The same wherever the message is cut in two, and octet by octet.
std::vector<std::string> places(std::string_view message) {
  const auto reader = std::make_unique<MessageReader>(MessageLimits{}, Wanted{});
  const auto workspace = std::make_unique<Workspace>();
  const auto fed = [&](std::size_t cut, std::size_t step) {
    Places sink(message);
    reader->begin();
    reader->feed(as_bytes(message.substr(0, cut)), *workspace, sink);
    for (; cut < message.size(); cut += step)
      reader->feed(as_bytes(message.substr(cut, step)), *workspace, sink);
    reader->finish(*workspace, sink);
    return sink.told;
  };
  const auto expected = fed(message.size(), 1);
  EXPECT_EQ(fed(0, 1), expected);
  for (std::size_t cut = 0; cut < message.size(); cut += 1 + cut / 300)
    EXPECT_EQ(fed(cut, message.size()), expected) << "cut at " << cut;
  return expected;
}

TEST(MimePartPlaces, OfAMultipart) {
  EXPECT_THAT(places("Content-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n\r\none\r\n"
                     "--b \r\nA: b\r\n\r\ntwo\r\n\r\n--b\r\n\r\n--b--\r\nepilogue\r\n"),
              ElementsAre("-", "\r\none", "A: b\r\n\r\ntwo\r\n", "\r\n", "-"));
}

TEST(MimePartPlaces, OfWhatIsWithinParts) {
  EXPECT_THAT(
      places("Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n"
             "Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nA: b\r\n\r\nin\r\n"
             "--i--\r\n--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nmail\r\n"
             "--o\r\nContent-Type: message/rfc822\r\n\r\n"
             "Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\ndeep\r\n--m--\r\n"
             "--o--\r\n"),
      ElementsAre("A: b\r\n\r\nin", "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nmail",
                  "\r\ndeep"));
}

TEST(MimePartPlaces, OfNoPartOfAMultipart) {
  EXPECT_THAT(places("A: b\r\n\r\ntext\r\n"), ElementsAre("-"));
  EXPECT_THAT(places("Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\ntext\r\n"), ElementsAre("-"));
}

TEST(MimePartPlaces, OfBrokenOnes) {
  const std::string head = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  // No delimiter behind it; no blank line; a delimiter in the header; nothing at all.
  EXPECT_THAT(places(head + "--b\r\n\r\nopen\r\n"), ElementsAre("\r\nopen\r\n"));
  EXPECT_THAT(places(head + "--b\r\nA: b\r\nno field\r\n--b--\r\n"),
              ElementsAre("A: b\r\nno field"));
  EXPECT_THAT(places(head + "--b\r\nA: b\r\n--b\r\nC: d\r\n\r\nx\r\n--b--\r\n"),
              ElementsAre("A: b\r\n", "C: d\r\n\r\nx"));
  EXPECT_THAT(places(head + "--b\r\nA: b\r\n"), ElementsAre("A: b\r\n"));
  EXPECT_THAT(places(head + "--b\r\n"), ElementsAre(""));
  EXPECT_THAT(places(head + "--b" + std::string(600, ' ') + "\r\nA: b\r\n\r\nx\r\n--b--\r\n"),
              ElementsAre("A: b\r\n\r\nx"));
  // A multipart whose delimiter never comes is all of one part.
  const std::string lost = "Content-Type: multipart/mixed; boundary=lost\r\n\r\nA: b\r\n\r\nx\r\ny";
  EXPECT_THAT(places(lost), ElementsAre("-"));
  EXPECT_THAT(places(head + "--b\r\n" + lost + "\r\n--b--\r\n"), ElementsAre(lost));
  const std::string stray =
      "Content-Type: multipart/mixed; boundary=lost\r\n\r\nA: b\r\nno field\r\n" +
      std::string(20'000, 'x');
  EXPECT_EQ(places(head + "--b\r\n" + stray + "\r\n--b--\r\n"), std::vector{stray});
  EXPECT_THAT(places(head + "--b\nA: b\n\nx\n--b--\n"), ElementsAre("A: b\n\nx"));
}

}  // namespace
}  // namespace sluice::scan::mime
