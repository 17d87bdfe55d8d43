// Every record of a conversation is flipped at every octet, cut at every octet, dropped, repeated
// and overtaken by the next, in both directions, TLS 1.3 (with our own record layer and with
// OpenSSL's) and 1.2. Whatever the ends make of it:
// they hear nothing that was not said to them in this order, and after a failure nothing at all.
//
// SLUICE_TLS_FLIPS=8 flips each bit on its own (1 otherwise: one bit of each octet).
#include "tests/tls/tampered_wire.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/support/certificates.h"

namespace sluice::tls {
namespace {

using test::Conversation;
using test::Fault;
using test::Side;
using test::Tampering;

int flips_per_octet() {
  const char* text = std::getenv("SLUICE_TLS_FLIPS");
  return text == nullptr ? 1 : std::clamp(std::atoi(text), 1, 8);
}

struct Flavour {
  const char* name;
  int protocol;
  bool carries_on;
};

class TlsTamperedWire : public testing::TestWithParam<Flavour> {
 protected:
  TlsTamperedWire() {
    std::vector<Identity> identities;
    identities.push_back(test::make_identity("mx.example"));
    server = *Context::server(std::move(identities), {});
    client = *Context::client({});
    SSL_CTX_set_max_proto_version(client->get(), GetParam().protocol);
    Conversation plain(*server, *client, GetParam().carries_on, {});
    plain.run();
    EXPECT_FALSE(plain.failed(test::kServer));
    EXPECT_EQ(plain.heard(test::kServer), plain.said(test::kClient));
    EXPECT_EQ(plain.heard(test::kClient), "250 ok\r\n");
    for (Side side : {test::kClient, test::kServer}) records[side] = plain.records(side);
  }

  void expect_sound(const Tampering& tampering) {
    Conversation conversation(*server, *client, GetParam().carries_on, tampering);
    conversation.run();
    const auto where = [&] {
      return testing::Message() << "sender " << tampering.sender << " record " << tampering.record
                                << " fault " << static_cast<int>(tampering.fault) << " offset "
                                << tampering.offset << " bits " << int{tampering.bits};
    };
    ++played;
    failures += conversation.failed(test::kServer) || conversation.failed(test::kClient) ? 1 : 0;
    EXPECT_TRUE(conversation.sound()) << where();
    EXPECT_TRUE(conversation.said(test::kClient).starts_with(conversation.heard(test::kServer)))
        << where() << ": " << conversation.heard(test::kServer);
    EXPECT_TRUE(conversation.said(test::kServer).starts_with(conversation.heard(test::kClient)))
        << where() << ": " << conversation.heard(test::kClient);
  }
  template <typename Each>
  void for_each_octet(Each each) {
    for (Side side : {test::kClient, test::kServer})
      for (std::size_t record = 0; record < records[side].size(); ++record)
        for (std::size_t offset = 0; offset < records[side][record]; ++offset)
          each(side, record, offset);
  }

  std::shared_ptr<const Context> server, client;
  std::array<std::vector<std::size_t>, 2> records;
  int played = 0, failures = 0;
};

// Signatures vary in length, and with them records: an offset can lie behind the end, and then
// nothing is done.
TEST_P(TlsTamperedWire, AFlippedBitAnywhere) {
  for_each_octet([this](Side side, std::size_t record, std::size_t offset) {
    for (int flip = 0; flip < flips_per_octet(); ++flip) {
      const auto bit = (offset + static_cast<std::size_t>(flip)) % 8;
      expect_sound({side, record, Fault::flip, offset, static_cast<std::uint8_t>(1U << bit)});
    }
  });
  EXPECT_GT(failures, played * 9 / 10);  // few octets mean nothing, as the version in a header
}

TEST_P(TlsTamperedWire, AnEndAnywhere) {
  for_each_octet([this](Side side, std::size_t record, std::size_t offset) {
    expect_sound({side, record, Fault::cut, offset});
  });
}

TEST_P(TlsTamperedWire, ARecordLostRepeatedOrOvertaken) {
  for (const Fault fault : {Fault::drop, Fault::repeat, Fault::swap})
    for (Side side : {test::kClient, test::kServer})
      for (std::size_t record = 0; record < records[side].size(); ++record)
        expect_sound({side, record, fault});
}

INSTANTIATE_TEST_SUITE_P(Protocols, TlsTamperedWire,
                         testing::Values(Flavour{"OurRecords", TLS1_3_VERSION, true},
                                         Flavour{"Tls13", TLS1_3_VERSION, false},
                                         Flavour{"Tls12", TLS1_2_VERSION, false}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace sluice::tls
