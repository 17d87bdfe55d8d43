#include "engine/mail/envelope.h"

#include <gtest/gtest.h>

namespace sluice::mail {

namespace {

Envelope sample() {
  Envelope envelope;
  envelope.set_sender("a@example.com", {.body = BodyType::eight_bit_mime,
                                        .ret = DsnReturn::headers,
                                        .smtputf8 = true,
                                        .requiretls = true,
                                        .envid = "QQ+3D1"});
  envelope.add_recipient({.address = "b@example.org", .notify = kNotifySuccess | kNotifyDelay});
  envelope.add_recipient({.address = "c@example.net", .orcpt = "rfc822;c@example.net"});
  return envelope;
}

void expect_sample(const Envelope& envelope) {
  EXPECT_EQ(envelope.reverse_path(), "a@example.com");
  EXPECT_EQ(envelope.parameters().body, BodyType::eight_bit_mime);
  EXPECT_EQ(envelope.parameters().ret, DsnReturn::headers);
  EXPECT_TRUE(envelope.parameters().smtputf8);
  EXPECT_TRUE(envelope.parameters().requiretls);
  EXPECT_FALSE(envelope.parameters().tls_optional);
  EXPECT_EQ(envelope.parameters().envid, "QQ+3D1");
  std::vector<std::string> seen;
  envelope.for_each_recipient([&](std::uint32_t rid, const Recipient& r) {
    seen.push_back(std::to_string(rid) + " " + std::string(r.address) + " " +
                   std::to_string(r.notify) + " " + std::string(r.orcpt));
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"0 b@example.org 10 ",
                                            "1 c@example.net 0 rfc822;c@example.net"}));
}

}  // namespace

TEST(Envelope, GivesBackWhatWasPutIn) { expect_sample(sample()); }

TEST(Envelope, GivesEachRecipientInAnyOrder) {
  Envelope envelope = sample();
  EXPECT_EQ(envelope.recipient(1).address, "c@example.net");
  EXPECT_EQ(envelope.recipient(1).orcpt, "rfc822;c@example.net");
  EXPECT_EQ(envelope.recipient(0).address, "b@example.org");
  EXPECT_EQ(envelope.recipient(1).address, "c@example.net");
  envelope.set_sender("another@example.com", {});
  envelope.add_recipient({.address = "d@example.org"});
  EXPECT_EQ(envelope.recipient(0).address, "d@example.org");
}

TEST(Envelope, DecodesItsOwnEncoding) {
  const Envelope envelope = sample();
  const auto decoded = Envelope::decode(envelope.encoded());
  ASSERT_TRUE(decoded);
  expect_sample(*decoded);
}

TEST(Envelope, RefusesEveryCutAndAnyOctetTooMany) {
  const Envelope envelope = sample();
  const ByteView whole = envelope.encoded();
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(Envelope::decode(whole.first(length))) << length;
  std::vector<std::uint8_t> longer(whole.begin(), whole.end());
  longer.push_back(0);
  EXPECT_FALSE(Envelope::decode(longer));
}

TEST(Envelope, RefusesValuesOutOfRangeInItsHead) {
  const Envelope envelope = sample();
  for (std::size_t at = 0; at < 4; ++at) {
    std::vector<std::uint8_t> bytes(envelope.encoded().begin(), envelope.encoded().end());
    bytes[at] = 9;
    EXPECT_FALSE(Envelope::decode(bytes)) << at;
  }
}

TEST(Envelope, NullSenderIsASender) {
  Envelope envelope;
  EXPECT_FALSE(envelope.has_sender());
  envelope.set_sender("", {});
  EXPECT_TRUE(envelope.has_sender());
  EXPECT_EQ(envelope.reverse_path(), "");
}

TEST(Envelope, ANewSenderForgetsTheOldRecipients) {
  Envelope envelope = sample();
  envelope.set_sender("z@example.com", {});
  EXPECT_EQ(envelope.recipient_count(), 0u);
  EXPECT_EQ(envelope.parameters().envid, "");
  envelope.clear();
  EXPECT_FALSE(envelope.has_sender());
  EXPECT_EQ(envelope.reverse_path(), "");
}

}  // namespace sluice::mail
