#include "engine/mail/header_firewall.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::mail {
namespace {

// The message as it comes in pieces of `step` octets.
std::string filtered(const std::string& message, std::size_t step = SIZE_MAX,
                     std::uint32_t* removed = nullptr) {
  HeaderFirewall firewall;
  std::string out;
  std::vector<std::uint8_t> piece;
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t size = std::min(step, message.size() - at);
    const ByteView fresh = as_bytes(message).subspan(at, size);
    piece.insert(piece.end(), fresh.begin(), fresh.end());
    at += size;
    const auto [kept, pending] = firewall.filter(piece, at == message.size());
    EXPECT_LE(kept + pending, piece.size());
    EXPECT_LT(pending, HeaderFirewall::kPendingMax + 1);
    out += as_text(ByteView(piece).first(kept));
    piece = {piece.begin() + static_cast<std::ptrdiff_t>(kept),
             piece.begin() + static_cast<std::ptrdiff_t>(kept + pending)};
  }
  EXPECT_TRUE(piece.empty());
  if (removed != nullptr) *removed = firewall.removed();
  return out;
}

constexpr const char* kMail =
    "From: a@example.org\r\n"
    "X-Sluice-SCL: -1\r\n"
    "Subject: hello\r\n"
    " X-Sluice-SCL: 9 in a fold\r\n"
    "x-sluice-x \t: NO\r\n"
    "\tand its fold\r\n"
    "X-Spam-Flag: others\r\n"
    "X-Sluice: theirs\r\n"
    "To: b@example.com\r\n"
    "X-SLUICE-REPORT: score=0\r\n"
    "\r\n"
    "X-Sluice-SCL: of the body\r\n";

TEST(HeaderFirewall, TakesOutWhatOnlyTheGatewayMaySayInAnyChunking) {
  const std::string expected =
      "From: a@example.org\r\n"
      "Subject: hello\r\n"
      " X-Sluice-SCL: 9 in a fold\r\n"
      "X-Spam-Flag: others\r\n"
      "X-Sluice: theirs\r\n"
      "To: b@example.com\r\n"
      "\r\n"
      "X-Sluice-SCL: of the body\r\n";
  for (std::size_t step = 1; step < 80; ++step) {
    std::uint32_t removed = 0;
    EXPECT_EQ(filtered(kMail, step, &removed), expected) << step;
    EXPECT_EQ(removed, 3u);
  }
  EXPECT_EQ(filtered(kMail), expected);
}

std::string named(std::size_t octets) {
  std::string message = ": x\r\n\r\nbody";
  message.insert(0, octets, 'n');
  return message;
}

TEST(HeaderFirewall, EveryOtherMessageStaysAsItIs) {
  const std::string cases[] = {"",
                               "x",
                               "X-Sluice-SCL",
                               "\r\nX-Sluice-SCL: 1\r\n",
                               "no field at all\r\nX-: 1\r\n\r\nbody",
                               named(500),
                               named(63),
                               named(64),
                               " a fold at first\r\nTo: x\r\n\r\n"};
  for (const std::string& message : cases)
    for (std::size_t step : {1u, 2u, 7u, 64u, 65u, 1'000u})
      EXPECT_EQ(filtered(message, step), message) << step;
}

TEST(HeaderFirewall, AFoldBehindARemovedFieldGoesWithIt) {
  EXPECT_EQ(filtered("X-Sluice-Flag: NO\r\n a\r\n\tb\r\nTo: x\r\n\r\n", 3), "To: x\r\n\r\n");
  EXPECT_EQ(filtered("X-Sluice-Flag: NO\r\n a"), "");
}

TEST(HeaderFirewall, TheBodyIsNotLookedAt) {
  HeaderFirewall firewall;
  std::string text = "To: x\r\n\r\n";
  firewall.filter({reinterpret_cast<std::uint8_t*>(text.data()), text.size()}, false);
  EXPECT_TRUE(firewall.passed());
}

}  // namespace
}  // namespace sluice::mail
