// Handshakes on another core: what crosses, what comes back, and what happens to those whose
// connection has gone in between.
#include "engine/worker/handshake_offload.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/certificates.h"
#include "tests/support/memory_stream.h"
#include "tls/context.h"

namespace sluice::worker {
namespace {

constexpr std::uint64_t kOwner = 7;

class HandshakeOffloadTest : public testing::Test {
 protected:
  HandshakeOffloadTest() {
    std::vector<tls::Identity> identities;
    identities.push_back(test::make_identity("mx.example"));
    context = *tls::Context::server(std::move(identities), {});
    client_context = *tls::Context::client({});
    EXPECT_TRUE(client.connect(*client_context, pipe.client, "mx.example"));
  }

  HandshakeJob& begin() {
    HandshakeJob& job = offload.begin(kOwner);
    EXPECT_TRUE(job.session.accept(*context, job.wire));
    return job;
  }
  // What a worker does for a connection with a completed (or new) job.
  void next_step(HandshakeJob& job) {
    pipe.server.consume(job.wire.settle());
    job.wire.output_sent(pipe.server.write(job.wire.output()));
    if (job.outcome == tls::Outcome::done) return;
    job.wire.lend(pipe.server.readable(), pipe.server.read_finished());
    offload.submit(job);
  }
  HandshakeJob* completed() {
    core.run_once();
    return offload.next_completed();
  }
  // Steps until the server is done or has failed.
  tls::Outcome shake_hands(HandshakeJob& job) {
    for (int step = 0; step < 2'000; ++step) {
      client.handshake();
      next_step(job);
      if (job.outcome == tls::Outcome::done || job.outcome == tls::Outcome::failed) break;
      EXPECT_EQ(completed(), &job);
    }
    return job.outcome;
  }

  std::shared_ptr<const tls::Context> context, client_context;
  test::MemoryPipe pipe;
  tls::Session client;
  OffloadCore core;
  HandshakeOffload offload{{&core}, 2, 0};
};

TEST_F(HandshakeOffloadTest, TheSessionGoesOnOverItsConnectionAfterwards) {
  HandshakeJob& job = begin();
  ASSERT_EQ(shake_hands(job), tls::Outcome::done);
  tls::Session session = std::move(job.session);
  session.move_to(pipe.server);
  offload.end(job);
  client.handshake();
  std::size_t count = 0;
  ASSERT_EQ(client.write(as_bytes("NOOP\r\n"), count), tls::Outcome::done);
  std::uint8_t space[64];
  ASSERT_EQ(session.read(space, count), tls::Outcome::done);
  EXPECT_EQ(as_text({space, count}), "NOOP\r\n");
}

// A client may write at once behind its Finished.
TEST_F(HandshakeOffloadTest, OctetsBehindTheHandshakeStayInTheConnection) {
  HandshakeJob& job = begin();
  client.handshake();
  next_step(job);
  ASSERT_EQ(completed(), &job);
  pipe.server.consume(job.wire.settle());
  job.wire.output_sent(pipe.server.write(job.wire.output()));
  ASSERT_EQ(client.handshake(), tls::Outcome::done);
  std::size_t count = 0;
  client.write(as_bytes("EHLO client\r\n"), count);
  job.wire.lend(pipe.server.readable(), false);
  offload.submit(job);
  ASSERT_EQ(completed(), &job);
  ASSERT_EQ(job.outcome, tls::Outcome::done);
  pipe.server.consume(job.wire.settle());
  EXPECT_FALSE(pipe.server.arrived.empty());
  job.session.move_to(pipe.server);
  std::uint8_t space[64];
  ASSERT_EQ(job.session.read(space, count), tls::Outcome::done);
  EXPECT_EQ(as_text({space, count}), "EHLO client\r\n");
  offload.end(job);
}

TEST_F(HandshakeOffloadTest, OctetsMayComeOneByOne) {
  pipe.server.step = 1;
  HandshakeJob& job = begin();
  EXPECT_EQ(shake_hands(job), tls::Outcome::done);
  offload.end(job);
}

TEST_F(HandshakeOffloadTest, AFlightLargerThanItsBufferGoesInParts) {
  std::vector<tls::Identity> identities;
  identities.push_back(test::make_identity("mx.example"));
  while (identities[0].chain.size() < 80)  // 80 certificates of about 300 octets
    identities[0].chain.push_back(tls::CertificatePtr(X509_dup(identities[0].certificate.get())));
  context = *tls::Context::server(std::move(identities), {});
  HandshakeJob& job = begin();
  EXPECT_EQ(shake_hands(job), tls::Outcome::done);
  offload.end(job);
}

TEST_F(HandshakeOffloadTest, AnEndInTheHandshakeIsAFailure) {
  HandshakeJob& job = begin();
  pipe.server.finished = true;
  next_step(job);
  ASSERT_EQ(completed(), &job);
  EXPECT_EQ(job.outcome, tls::Outcome::failed);
  offload.end(job);
}

TEST_F(HandshakeOffloadTest, ARefusalIsSentToThePeer) {
  HandshakeJob& job = begin();
  pipe.server.arrived = std::string("\x16\x03\x01\x00\x04\xff\x00\x00\x00", 9);  // no ClientHello
  next_step(job);
  ASSERT_EQ(completed(), &job);
  EXPECT_EQ(job.outcome, tls::Outcome::failed);
  EXPECT_NE(job.session.failure().code, 0u);
  EXPECT_FALSE(job.wire.output().empty());  // the alert
  offload.end(job);
}

TEST_F(HandshakeOffloadTest, AJobGivenUpInFlightComesHomeUnseen) {
  HandshakeJob& job = begin();
  client.handshake();
  next_step(job);
  offload.end(job);
  EXPECT_FALSE(offload.idle());
  EXPECT_EQ(completed(), nullptr);
  EXPECT_TRUE(offload.idle());
  offload.begin(1);
  offload.begin(2);  // both places are free again
  EXPECT_FALSE(offload.has_room());
}

TEST_F(HandshakeOffloadTest, TheFirstOfASecondStayWithTheWorker) {
  HandshakeOffload few({&core}, 1, 2);
  const Instant now{5'000'000'000};
  EXPECT_FALSE(few.takes_one(now));
  EXPECT_FALSE(few.takes_one(now));
  EXPECT_TRUE(few.takes_one(now));
  EXPECT_TRUE(few.takes_one(now + milliseconds(999)));
  EXPECT_FALSE(few.takes_one(now + seconds(1)));
}

TEST_F(HandshakeOffloadTest, CoresTakeTurns) {
  OffloadCore second;
  HandshakeOffload both({&core, &second}, 2, 0);
  for (int i = 0; i < 2; ++i) {
    HandshakeJob& job = both.begin(kOwner);
    ASSERT_TRUE(job.session.accept(*context, job.wire));
    both.submit(job);
  }
  EXPECT_EQ(core.run_once(), 1u);
  EXPECT_EQ(second.run_once(), 1u);
  while (HandshakeJob* job = both.next_completed()) both.end(*job);
  EXPECT_TRUE(both.idle());
}

TEST_F(HandshakeOffloadTest, AThreadShakesHandsAndStopsWhenTold) {
  std::thread thread([this] { core.run(); });
  for (int i = 0; i < 20; ++i) {
    HandshakeJob& job = begin();
    client.reset();
    pipe.client.arrived.clear();
    pipe.server.arrived.clear();
    ASSERT_TRUE(client.connect(*client_context, pipe.client, "mx.example"));
    while (job.outcome == tls::Outcome::want_input) {
      client.handshake();
      next_step(job);
      while (offload.next_completed() == nullptr) std::this_thread::yield();
    }
    EXPECT_EQ(job.outcome, tls::Outcome::done);
    offload.end(job);
  }
  core.stop();
  thread.join();
}

}  // namespace
}  // namespace sluice::worker
