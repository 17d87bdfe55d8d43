// Tickets outlive contexts and cores, and die with their key.
#include "tls/ticket_keys.h"

#include <gtest/gtest.h>

#include "tests/support/certificates.h"
#include "tests/tls/raw_client.h"
#include "tls/context.h"

namespace sluice::tls {
namespace {

class TlsTickets : public testing::TestWithParam<int> {  // the version of the protocol
 protected:
  TlsTickets() {
    SSL_CTX_set_min_proto_version(client.context.get(), GetParam());
    SSL_CTX_set_max_proto_version(client.context.get(), GetParam());
  }
  std::shared_ptr<const Context> context(const std::string& name = "inbound",
                                         const Identity* other = nullptr) {
    const Identity& from = other ? *other : identity;
    std::vector<Identity> identities(1);
    X509_up_ref(from.certificate.get());
    identities[0].certificate.reset(from.certificate.get());
    EVP_PKEY_up_ref(from.key.get());
    identities[0].key.reset(from.key.get());
    return *Context::server(std::move(identities),
                            {.name = name, .resumption = resumption, .tickets = keys});
  }
  bool resumes(const std::shared_ptr<const Context>& with) {
    EXPECT_TRUE(client.connect(*with));
    const bool resumed = client.resumed();
    last = with;  // it outlives the client's session
    return resumed;
  }
  void take_ticket() {
    EXPECT_FALSE(resumes(context()));
    client.keep_session();
  }

  Identity identity = test::make_identity("mx.example");
  std::shared_ptr<TicketKeys> keys = std::make_shared<TicketKeys>();
  bool resumption = true;
  std::shared_ptr<const Context> last;
  test::RawClient client;
};

TEST_P(TlsTickets, OfOneContextAreGoodForTheNextWithTheSameTerms) {
  take_ticket();
  EXPECT_TRUE(resumes(context()));
}

TEST_P(TlsTickets, AreOpenedByThePreviousKeyAndNoOlderOne) {
  take_ticket();
  keys->rotate();
  EXPECT_TRUE(resumes(context()));
  keys->rotate();
  EXPECT_FALSE(resumes(context()));
}

TEST_P(TlsTickets, AreRenewedWhenTheirKeyIsThePreviousOne) {
  take_ticket();
  keys->rotate();
  EXPECT_TRUE(resumes(context()));
  client.keep_session();
  keys->rotate();
  EXPECT_TRUE(resumes(context()));
}

TEST_P(TlsTickets, AreNoGoodForAnotherListenerOrCertificate) {
  take_ticket();
  EXPECT_FALSE(resumes(context("submission")));
  const Identity other = test::make_identity("mx.example");
  EXPECT_FALSE(resumes(context("inbound", &other)));
}

TEST_P(TlsTickets, AreNoGoodWithoutTheKeys) {
  take_ticket();
  keys = std::make_shared<TicketKeys>();
  EXPECT_FALSE(resumes(context()));
}

TEST_P(TlsTickets, CanBeSwitchedOff) {
  resumption = false;
  take_ticket();
  EXPECT_EQ(SSL_SESSION_has_ticket(client.session.get()), 0);
  EXPECT_FALSE(resumes(context()));
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsTickets, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST(TlsTicketKeys, DifferAndAreFoundByName) {
  TicketKeys keys;
  TicketKey first, second, found;
  ASSERT_TRUE(keys.current(first));
  keys.rotate();
  ASSERT_TRUE(keys.current(second));
  EXPECT_NE(first.cipher, second.cipher);
  EXPECT_NE(first.mac, second.mac);
  EXPECT_EQ(keys.find(second.name, found), TicketKeys::Age::current);
  EXPECT_EQ(keys.find(first.name, found), TicketKeys::Age::previous);
  EXPECT_EQ(found.cipher, first.cipher);
  keys.rotate();
  EXPECT_EQ(keys.find(first.name, found), TicketKeys::Age::unknown);
}

}  // namespace
}  // namespace sluice::tls
