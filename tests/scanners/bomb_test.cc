// Messages made to exhaust a reader: bounded memory, time linear in the octets, a defined outcome.
// SLUICE_BOMBS=full has the sizes that attackers would take.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "tests/scanners/transcript.h"

namespace sluice::scan {
namespace {

bool full() {
  const char* const wanted = std::getenv("SLUICE_BOMBS");
  return wanted != nullptr && std::strcmp(wanted, "full") == 0;
}

// Counts, keeps nothing.
class Counter final : public mime::MessageSink {
 public:
  mime::MessageFacts facts;
  std::uint64_t fields = 0;
  std::uint64_t element_octets = 0;

 private:
  void field(const mime::HeaderField&) noexcept override { ++fields; }
  void rawbody(std::string_view element) noexcept override { add(element); }
  void body(mime::BodyView, std::string_view element) noexcept override { add(element); }
  void message_end(const mime::MessageFacts& all) noexcept override { facts = all; }
  void add(std::string_view element) noexcept {
    EXPECT_LE(element.size(), mime::kRawbodyElementBytes);
    element_octets += element.size();
  }
};

class Bomb : public testing::Test {
 protected:
  Bomb() { reader_.begin(); }
  void feed(std::string_view octets) { reader_.feed(as_bytes(octets), workspace_, sink_); }
  void feed(std::string_view octets, std::uint64_t total) {
    for (std::uint64_t sent = 0; sent < total; sent += octets.size()) feed(octets);
  }
  const mime::MessageFacts& end() {
    reader_.finish(workspace_, sink_);
    return sink_.facts;
  }

  mime::MessageReader reader_{{}, kAllWanted};
  mime::Workspace workspace_;
  Counter sink_;
};

constexpr std::uint64_t kMiB = 1024 * 1024;

TEST_F(Bomb, OfNestedMultipartsEndsAtTheDepthLimit) {
  for (int i = 0; i < 10'000; ++i) {
    const std::string boundary = "b" + std::to_string(i);
    feed("Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary + "\r\n");
  }
  EXPECT_TRUE(end().anomalies.has(mime::Anomaly::depth_limit));
  EXPECT_EQ(sink_.facts.depth, 20u);
}

TEST_F(Bomb, OfNestedMessagesEndsAtTheDepthLimit) {
  for (int i = 0; i < 10'000; ++i) feed("Content-Type: message/rfc822\r\n\r\n");
  EXPECT_TRUE(end().anomalies.has(mime::Anomaly::depth_limit));
}

TEST_F(Bomb, OfPartsEndsAtTheirLimit) {
  feed("Content-Type: multipart/mixed; boundary=b\r\n\r\n");
  feed("--b\r\n\r\nx\r\n", (full() ? 100 : 1) * kMiB);
  EXPECT_TRUE(end().anomalies.has(mime::Anomaly::parts_limit));
  EXPECT_LE(sink_.facts.parts, 1'002u);
}

TEST_F(Bomb, OfHeadersEndsAtTheirLimits) {
  feed("X-Field: =?utf-8?q?x?= value of some length that goes on\r\n",
       full() ? 1024 * kMiB : 8 * kMiB);
  feed("\r\nbody");
  EXPECT_TRUE(end().anomalies.has(mime::Anomaly::header_fields_limit));
  EXPECT_LE(sink_.fields, 1'000u);
}

TEST_F(Bomb, OfOneHeaderIsToldInPieces) {
  feed("X: ");
  feed(std::string(4'000, 'x') + "\r\n ", (full() ? 100 : 4) * kMiB);
  feed("\r\n\r\nbody");
  EXPECT_TRUE(end().anomalies.has(mime::Anomaly::header_bytes_limit));
}

TEST_F(Bomb, OfOneLineIsToldInElements) {
  for (const char* type : {"text/plain", "text/html"}) {
    reader_.begin();
    feed(std::string("MIME-Version: 1\r\nContent-Type: ") + type + "\r\n\r\n");
    feed(std::string(65'536, 'x'), (full() ? 100 : 2) * kMiB);
    EXPECT_TRUE(end().anomalies.has(mime::Anomaly::line_too_long));
    EXPECT_TRUE(sink_.facts.anomalies.has(mime::Anomaly::text_limit));
  }
}

TEST_F(Bomb, OfTagsAndLinksEndsAtTheirLimits) {
  feed("MIME-Version: 1\r\nContent-Type: text/html\r\n\r\n");
  feed(
      "<div style='color:red'><a "
      "href='http://example.com/?http://example.org/'>www.example.net</a>",
      (full() ? 100 : 1) * kMiB);
  EXPECT_TRUE(end().anomalies.has(mime::Anomaly::uri_limit));
  EXPECT_TRUE(sink_.facts.anomalies.has(mime::Anomaly::html_depth_limit));
  EXPECT_LE(sink_.facts.uris, 1'000u);
}

// They are no URIs, so that the limit of those never comes.
TEST_F(Bomb, OfWordsThatAreAlmostUrisEndsAtTheirLimit) {
  for (const std::string& word : {"www." + std::string(2'040, ')'), std::string("www.])"),
                                  std::string("1.234"), std::string("a.b@c.d")}) {
    SCOPED_TRACE(word.substr(0, 8));
    reader_.begin();
    feed("MIME-Version: 1\r\nContent-Type: text/plain\r\n\r\n");
    feed(word + "\r\n", (full() ? 100 : 2) * kMiB);
    EXPECT_TRUE(end().anomalies.has(mime::Anomaly::uri_limit));
    EXPECT_EQ(sink_.facts.uris, 0u);
  }
}

TEST_F(Bomb, OfOneTagIsCut) {
  feed("MIME-Version: 1\r\nContent-Type: text/html\r\n\r\n<a href='");
  feed(std::string(65'536, '&'), (full() ? 100 : 2) * kMiB);
  feed("'>text</a>");
  EXPECT_EQ(end().visible_octets, 4u);
}

}  // namespace
}  // namespace sluice::scan
