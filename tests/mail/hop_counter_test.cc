#include "engine/mail/hop_counter.h"

namespace sluice::mail {
namespace {

std::uint32_t hops_of(std::string_view message, std::size_t chunk) {
  HopCounter counter;
  for (; !message.empty(); message.remove_prefix(std::min(chunk, message.size())))
    counter.feed(as_bytes(message.substr(0, chunk)));
  return counter.hops();
}

}  // namespace

TEST(HopCounter, CountsReceivedFieldsOfTheHeaderOnlyHoweverItIsCut) {
  constexpr std::string_view message =
      "Received: from a\r\n\tby b; received: folded\r\nRECEIVED: from c\r\nReceive: no\r\n"
      "X-Received: no\r\nReceived : no\r\nSubject: Received: no\r\nreceived:\r\n\r\n"
      "Received: in the body\r\n";
  for (std::size_t chunk = 1; chunk <= message.size(); ++chunk)
    EXPECT_EQ(hops_of(message, chunk), 3u) << chunk;
}

TEST(HopCounter, MessageWithoutHeaderHasNoHops) {
  EXPECT_EQ(hops_of("\r\nReceived: x\r\n", 100), 0u);
  EXPECT_EQ(hops_of("", 1), 0u);
}

}  // namespace sluice::mail
