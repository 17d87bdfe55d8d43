#include "engine/web/https.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sluice::web {
namespace {

// Listens on loopback, and takes nothing.
class Listening {
 public:
  Listening() {
    sockaddr_in own{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof own;
    auto* const address = reinterpret_cast<sockaddr*>(&own);
    EXPECT_EQ(bind(fd_, address, size), 0);
    EXPECT_EQ(listen(fd_, 8), 0);
    EXPECT_EQ(getsockname(fd_, address, &size), 0);
    port = ntohs(own.sin_port);
  }
  ~Listening() { close(fd_); }
  bool was_called() const {
    const int caller = accept4(fd_, nullptr, nullptr, 0);
    if (caller >= 0) close(caller);
    return caller >= 0;
  }

  std::uint16_t port = 0;

 private:
  int fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
};

HttpsResult run(HttpsRequest request) {
  Https https;
  https.start(1, std::move(request));
  for (int round = 0; round < 100; ++round) {
    for (Https::Done& done : https.poll()) return std::move(done.result);
    https.wait(milliseconds(100));
  }
  return {.trouble = "it never ended"};
}

TEST(Https, APrivateAddressIsNotConnectedTo) {
  const Listening server;
  const std::string port = std::to_string(server.port);
  const HttpsResult by_number = run({.url = "https://127.0.0.1:" + port + "/", .body = "x"});
  EXPECT_EQ(by_number.kind, HttpsResult::Kind::failed);
  EXPECT_EQ(by_number.trouble, "127.0.0.1 is not a public address");
  const HttpsResult by_name = run({.url = "https://web.test:" + port + "/",
                                   .host = "web.test",
                                   .port = server.port,
                                   .addresses = {*IpAddress::parse("127.0.0.1")}});
  EXPECT_EQ(by_name.trouble, "127.0.0.1 is not a public address");
  EXPECT_FALSE(server.was_called());
}

TEST(Https, OneThatTheRequestAllowsIs) {
  const Listening server;
  const HttpsResult result = run({.url = "https://127.0.0.1:" + std::to_string(server.port) + "/",
                                  .private_addresses = true,
                                  .timeout = milliseconds(300)});
  EXPECT_EQ(result.kind, HttpsResult::Kind::failed);  // nobody answers
  EXPECT_TRUE(server.was_called());
}

TEST(Https, NothingButHttpsIsSpoken) {
  const HttpsResult result = run({.url = "http://127.0.0.1/", .private_addresses = true});
  EXPECT_NE(result.trouble.find("rotocol"), std::string::npos) << result.trouble;
}

}  // namespace
}  // namespace sluice::web
