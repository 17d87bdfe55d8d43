// The kernel transport against itself over loopback: one Transport serves, another connects.
#include "engine/net/kernel/kernel_transport.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

namespace sluice::net {
namespace {

constexpr std::uint32_t kTag = 7;
constexpr int kRoundsMax = 20'000;  // of poll and flush, until a condition must hold

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 131 + (i >> 11));
  return text;
}

class KernelTransportTest : public ::testing::Test {
 protected:
  void SetUp() override { start({.connections_max = 8, .send_buffer = 16 * 1024}); }

  void start(const KernelOptions& options) {
    server_ = make_kernel_transport(options);
    client_ = make_kernel_transport(options);
    ASSERT_TRUE(server_->listen(*Endpoint::parse("127.0.0.1:0"), kTag));
    server_at_ = *kernel_listener(*server_, kTag);
  }

  void step() {
    for (Transport* transport : {server_.get(), client_.get()}) {
      transport->poll(now_);
      while (Connection* ready = transport->next_ready())
        (transport == server_.get() ? server_ready_ : client_ready_).push_back(ready);
      transport->flush(now_);
    }
  }
  bool until(const std::function<bool()>& condition) {
    for (int round = 0; round < kRoundsMax; ++round) {
      if (condition()) return true;
      step();
    }
    return condition();
  }
  // A connection from client to server, open on both sides.
  void open_pair() {
    auto made = client_->connect(server_at_, 1);
    ASSERT_TRUE(made);
    outgoing_ = *made;
    server_ready_.clear();
    ASSERT_TRUE(until([&] { return !server_ready_.empty(); }));
    incoming_ = server_ready_.front();
    incoming_->owner = 2;
    ASSERT_TRUE(until([&] { return outgoing_->state() == Connection::State::open; }));
    step();
    server_ready_.clear();
    client_ready_.clear();
  }
  // Everything that `from` reads until `size` octets are there.
  std::string read(Connection& from, std::size_t size, std::size_t at_once = SIZE_MAX) {
    std::string text;
    until([&] {
      const ByteView view = from.readable();
      const std::size_t count = std::min(view.size(), at_once);
      text += as_text(view.first(count));
      from.consume(count);
      return text.size() >= size;
    });
    return text;
  }

  Instant now_{seconds(1'000).ns};
  std::unique_ptr<Transport> server_, client_;
  Endpoint server_at_;
  Connection* outgoing_ = nullptr;
  Connection* incoming_ = nullptr;
  std::vector<Connection*> server_ready_, client_ready_;
};

TEST_F(KernelTransportTest, OctetsGoBothWaysAndEachSideKnowsTheOther) {
  open_pair();
  EXPECT_EQ(outgoing_->write(as_bytes("EHLO there\r\n")), 12u);
  EXPECT_EQ(read(*incoming_, 12), "EHLO there\r\n");
  EXPECT_EQ(incoming_->write(as_bytes("250 here\r\n")), 10u);
  EXPECT_EQ(read(*outgoing_, 10), "250 here\r\n");
  EXPECT_EQ(incoming_->listener, kTag);
  EXPECT_EQ(outgoing_->listener, UINT32_MAX);
  EXPECT_EQ(outgoing_->remote(), server_at_);
  EXPECT_EQ(incoming_->remote(), outgoing_->local());
  EXPECT_EQ(incoming_->local(), server_at_);
}

TEST_F(KernelTransportTest, NothingLeavesBeforeTheFlush) {
  open_pair();
  outgoing_->write(as_bytes("x"));
  EXPECT_FALSE(outgoing_->write_drained());
  for (int i = 0; i < 50; ++i) server_->poll(now_);
  EXPECT_TRUE(incoming_->readable().empty());
  client_->flush(now_);
  EXPECT_TRUE(outgoing_->write_drained());
  EXPECT_EQ(read(*incoming_, 1), "x");
}

TEST_F(KernelTransportTest, APortWithoutListenerRefuses) {
  server_->stop_listening();
  auto made = client_->connect(server_at_, 1);
  ASSERT_TRUE(made);
  ASSERT_TRUE(until([&] { return (*made)->state() == Connection::State::failed; }));
  EXPECT_EQ((*made)->error(), NetError::refused);
  EXPECT_EQ(client_ready_, std::vector<Connection*>{*made});
  client_->release(**made);
  EXPECT_EQ(client_->open_connections(), 0u);
}

TEST_F(KernelTransportTest, AHalfClosedPeerIsReadToTheEndAndStillAnswered) {
  open_pair();
  outgoing_->write(as_bytes("QUIT\r\n"));
  outgoing_->close();
  EXPECT_EQ(outgoing_->write(as_bytes("late")), 0u);
  ASSERT_TRUE(until([&] { return incoming_->readable().size() == 6; }));
  EXPECT_FALSE(incoming_->read_finished());
  incoming_->consume(6);
  ASSERT_TRUE(until([&] { return incoming_->read_finished(); }));
  incoming_->write(as_bytes("221 bye\r\n"));
  EXPECT_EQ(read(*outgoing_, 9), "221 bye\r\n");
  EXPECT_FALSE(outgoing_->read_finished());
  incoming_->close();
  EXPECT_TRUE(until([&] { return outgoing_->read_finished(); }));
}

TEST_F(KernelTransportTest, UnreadOctetsStayInOnePieceUntilConsumed) {
  open_pair();
  outgoing_->write(as_bytes("MAIL FROM:<a@ex"));
  ASSERT_TRUE(until([&] { return incoming_->readable().size() == 15; }));
  incoming_->consume(5);
  outgoing_->write(as_bytes("ample.org>\r\n"));
  ASSERT_TRUE(until([&] { return incoming_->readable().size() == 22; }));
  EXPECT_EQ(as_text(incoming_->readable()), "FROM:<a@example.org>\r\n");
}

TEST_F(KernelTransportTest, AFullSendBufferTakesNothingUntilThePeerReads) {
  open_pair();
  const std::string much = pattern(64 * 1024);
  std::size_t taken = 0;
  for (int round = 0; round < 2'000; ++round) {
    taken += incoming_->write(as_bytes(much));
    server_->flush(now_);
  }
  EXPECT_EQ(incoming_->write_space(), 0u);
  EXPECT_FALSE(incoming_->write_drained());
  step();
  server_ready_.clear();
  std::size_t got = 0;
  ASSERT_TRUE(until([&] {
    got += outgoing_->readable().size();
    outgoing_->consume(outgoing_->readable().size());
    return got == taken;
  }));
  EXPECT_EQ(server_ready_, std::vector<Connection*>{incoming_});  // told once: there is room again
  EXPECT_GT(incoming_->write_space(), 0u);
}

TEST_F(KernelTransportTest, AShortWriteIsToldOfEvenIfTheKernelNeverRefused) {
  open_pair();
  const std::string text = pattern(17 * 1024);  // more than the send buffer, less than the kernel's
  EXPECT_EQ(outgoing_->write(as_bytes(text)), 16u * 1024);
  EXPECT_TRUE(until([&] { return !client_ready_.empty(); }));
  EXPECT_EQ(outgoing_->write(as_bytes(text).subspan(16 * 1024)), 1024u);
}

TEST_F(KernelTransportTest, MegabytesArriveIntactThroughSmallBuffersAndASlowReader) {
  open_pair();
  const std::string sent = pattern(8 * 1024 * 1024);
  std::size_t written = 0, wrong = 0, got = 0;
  EXPECT_TRUE(until([&] {
    written += outgoing_->write(as_bytes(sent).subspan(written));
    const ByteView view = incoming_->readable();
    const std::size_t count = std::min<std::size_t>(view.size(), 9'973);
    wrong += as_text(view.first(count)) != std::string_view(sent).substr(got, count);
    incoming_->consume(count);
    got += count;
    return got == sent.size();
  }));
  EXPECT_EQ(wrong, 0u);
}

TEST_F(KernelTransportTest, AnAbortIsAResetForThePeer) {
  open_pair();
  outgoing_->write(as_bytes("never sent"));
  outgoing_->abort();
  client_->release(*outgoing_);
  EXPECT_EQ(client_->open_connections(), 0u);
  ASSERT_TRUE(until([&] { return incoming_->state() == Connection::State::failed; }));
  EXPECT_EQ(incoming_->error(), NetError::reset);
  EXPECT_TRUE(incoming_->readable().empty());
}

TEST_F(KernelTransportTest, AReleasedConnectionStillDeliversItsLastWords) {
  open_pair();
  const std::string last = pattern(16 * 1024);
  outgoing_->write(as_bytes("octets that nobody will read"));
  step();
  ASSERT_TRUE(until([&] { return !incoming_->readable().empty(); }));
  outgoing_->write(as_bytes("and more of them"));
  step();
  ASSERT_EQ(incoming_->write(as_bytes(last)), last.size());
  server_->release(*incoming_);
  EXPECT_EQ(server_->open_connections(), 0u);
  EXPECT_EQ(read(*outgoing_, last.size()), last);
  EXPECT_TRUE(until([&] { return outgoing_->read_finished(); }));
}

TEST_F(KernelTransportTest, AReleasedConnectionOfASilentPeerIsForgottenInTheEnd) {
  open_pair();
  server_->release(*incoming_);
  step();
  EXPECT_LT(server_->next_deadline(), Instant::never());
  now_ = server_->next_deadline();
  step();
  EXPECT_EQ(server_->next_deadline(), Instant::never());
}

TEST_F(KernelTransportTest, MoreConnectionsThanPlannedAreResetAndTheOthersServed) {
  start({.connections_max = 2, .send_buffer = 4'096});
  open_pair();
  Connection* first = outgoing_;
  Connection* first_incoming = incoming_;
  open_pair();
  auto other = make_kernel_transport({.connections_max = 1, .send_buffer = 4'096});
  auto third = other->connect(server_at_, 3);
  ASSERT_TRUE(third);
  EXPECT_TRUE(until([&] {
    other->poll(now_);
    return (*third)->state() == Connection::State::failed;
  }));
  first->write(as_bytes("still here"));
  EXPECT_EQ(read(*first_incoming, 10), "still here");
}

TEST_F(KernelTransportTest, WithoutFreeDescriptorsItRestsAndThenAcceptsWhoWaited) {
  ASSERT_TRUE(client_->connect(server_at_, 1));
  const int next_free = dup(0);
  close(next_free);
  rlimit before;
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{static_cast<rlim_t>(next_free), before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  server_->poll(now_);
  std::size_t work = 0;
  for (int i = 0; i < 10; ++i) work += server_->poll(now_);
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(work, 0u);
  ASSERT_EQ(server_->next_ready(), nullptr);
  ASSERT_LT(server_->next_deadline(), Instant::never());
  now_ = server_->next_deadline();
  EXPECT_TRUE(until([&] { return !server_ready_.empty(); }));
}

TEST_F(KernelTransportTest, AChangeIsToldOnceAndARequeuedConnectionAgain) {
  open_pair();
  outgoing_->write(as_bytes("x"));
  ASSERT_TRUE(until([&] { return !incoming_->readable().empty(); }));
  EXPECT_EQ(server_ready_, std::vector<Connection*>{incoming_});
  step();
  EXPECT_EQ(server_ready_.size(), 1u);
  server_->requeue(*incoming_);
  EXPECT_EQ(server_->next_deadline(), Instant{});
  EXPECT_EQ(server_->next_ready(), incoming_);
  EXPECT_EQ(server_->next_ready(), nullptr);
}

TEST_F(KernelTransportTest, TheWaitDescriptorWakesForWhatArrives) {
  open_pair();
  pollfd waiting{server_->wait_descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0);
  outgoing_->write(as_bytes("x"));
  client_->flush(now_);
  EXPECT_EQ(::poll(&waiting, 1, 5'000), 1);
}

TEST_F(KernelTransportTest, Ipv6AndIpv4MeetOnTheUnspecifiedAddress) {
  server_ = make_kernel_transport({.connections_max = 4});
  ASSERT_TRUE(server_->listen({IpAddress{}, 0}, kTag));
  server_at_ = {IpAddress::from_v4(0x7f000001), kernel_listener(*server_, kTag)->port};
  open_pair();
  EXPECT_EQ(incoming_->remote().address, IpAddress::from_v4(0x7f000001));
}

}  // namespace
}  // namespace sluice::net
