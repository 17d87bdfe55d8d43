#include <gtest/gtest.h>

#include <poll.h>

#include "engine/net/kernel/kernel_datagrams.h"

namespace sluice::net {
namespace {

// Loopback answers at once, but not within the call: waits for the descriptor, not for time.
DatagramSocket* next_ready(KernelDatagrams& datagrams) {
  for (int i = 0; i < 100; ++i) {
    if (DatagramSocket* socket = datagrams.next_ready_socket()) return socket;
    pollfd one{datagrams.wait_descriptor(), POLLIN, 0};
    ::poll(&one, 1, 1'000);
  }
  return nullptr;
}

TEST(KernelDatagrams, GoToThePeerAndBack) {
  const auto server_side = make_kernel_datagrams(4);
  const auto client_side = make_kernel_datagrams(4);
  DatagramSocket* server = *server_side->open({.local = *Endpoint::parse("127.0.0.1:0")});
  DatagramSocket* client = *client_side->open({.peer = server->local(), .owner = 5});
  EXPECT_FALSE(client->front());
  ASSERT_TRUE(client->send(server->local(), as_bytes("question")));

  ASSERT_EQ(next_ready(*server_side), server);
  const auto question = server->front();
  ASSERT_TRUE(question);
  EXPECT_EQ(as_text(question->payload), "question");
  EXPECT_EQ(question->remote, client->local());
  ASSERT_TRUE(server->send(question->remote, as_bytes("answer")));
  server->pop();
  EXPECT_FALSE(server->front());

  ASSERT_EQ(next_ready(*client_side), client);
  EXPECT_EQ(client->owner, 5U);
  EXPECT_EQ(as_text(client->front()->payload), "answer");
  client_side->close(*client);
  EXPECT_EQ(client_side->next_ready_socket(), nullptr);
}

TEST(KernelDatagrams, AClosedPortIsAnErrorOfTheSocketWithThatPeer) {
  const auto datagrams = make_kernel_datagrams(1);
  DatagramSocket* closed = *datagrams->open({.local = *Endpoint::parse("127.0.0.1:0")});
  const Endpoint nobody = closed->local();
  datagrams->close(*closed);
  DatagramSocket* socket = *datagrams->open({.peer = nobody});
  EXPECT_EQ(datagrams->open({.peer = nobody}).error(), NetError::no_resources);
  ASSERT_TRUE(socket->send(nobody, as_bytes("?")));
  ASSERT_EQ(next_ready(*datagrams), socket);
  EXPECT_FALSE(socket->front());
  EXPECT_EQ(socket->take_error(), NetError::refused);
}

}  // namespace
}  // namespace sluice::net
