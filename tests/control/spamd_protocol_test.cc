// SpamAssassin's protocol: what a request is, in any chunks, and what is refused with which words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/control/spamd_protocol.h"
#include "engine/control/spamd_server.h"

namespace sluice::control {
namespace {

using State = SpamdReader::State;

constexpr std::string_view kCheck =
    "CHECK SPAMC/1.5\r\nUser: joe\r\nContent-length: 11\r\n\r\nSubject: x\n";

SpamdReader read(std::string_view octets, std::size_t chunk = SIZE_MAX, std::uint64_t most = 1000) {
  SpamdReader reader(most);
  while (!octets.empty()) {
    reader.feed(octets.substr(0, chunk));
    octets.remove_prefix(std::min(chunk, octets.size()));
  }
  return reader;
}

std::string fault_of(std::string_view octets) {
  SpamdReader reader = read(octets);
  EXPECT_EQ(reader.finish(), State::failed) << octets;
  return std::to_string(static_cast<int>(reader.fault().status)) + " " + reader.fault().text;
}

TEST(SpamdProtocol, ARequestIsTheSameInAnyChunks) {
  for (const std::size_t chunk : {1U, 2U, 3U, 17U, 1'000U}) {
    const SpamdReader reader = read(kCheck, chunk);
    ASSERT_EQ(reader.state(), State::complete) << chunk;
    EXPECT_EQ(reader.request().command, SpamdCommand::check);
    EXPECT_EQ(reader.message(), "Subject: x\n");
  }
}

TEST(SpamdProtocol, WithoutALengthTheMessageEndsWithTheStream) {
  SpamdReader reader = read("REPORT SPAMC/1.2\r\n\r\nSubject: x\n");
  EXPECT_EQ(reader.state(), State::message);
  EXPECT_EQ(reader.finish(), State::complete);
  EXPECT_EQ(reader.message(), "Subject: x\n");
}

TEST(SpamdProtocol, PingAndSkipCarryNothing) {
  EXPECT_EQ(read("PING SPAMC/1.5\r\n\r\n").state(), State::complete);
  EXPECT_EQ(read("SKIP SPAMC/1.5\n\n").state(), State::complete);
}

TEST(SpamdProtocol, TellSaysWhatTheMessageIs) {
  const SpamdReader reader = read(
      "TELL SPAMC/1.5\r\nMessage-class: ham\r\nSet: local, remote\r\nContent-length: 1\r\n\r\nx");
  ASSERT_EQ(reader.state(), State::complete);
  EXPECT_EQ(reader.request().spam, false);
  EXPECT_TRUE(reader.request().set_local);
  EXPECT_FALSE(reader.request().remove_local);
}

TEST(SpamdProtocol, WhatIsBehindTheMessageIsNotLookedAt) {
  const SpamdReader reader = read(std::string(kCheck) + "CHECK SPAMC/1.5\r\n");
  EXPECT_EQ(reader.state(), State::complete);
  EXPECT_EQ(reader.message(), "Subject: x\n");
}

TEST(SpamdProtocol, RefusalsNameWhatIsWrong) {
  EXPECT_EQ(fault_of("HELO mx\r\n\r\n"), "76 Bad header line: HELO mx");
  EXPECT_EQ(fault_of("CHECK SPAMC/2.0\r\n\r\n"), "76 Bad header line: CHECK SPAMC/2.0");
  EXPECT_EQ(fault_of("\r\n\r\n"), "76 there is no command");
  EXPECT_EQ(fault_of("CHECK SPAMC/1.5\r\nno colon\r\n\r\n"), "76 Bad header line: no colon");
  EXPECT_EQ(fault_of("CHECK SPAMC/1.5\r\nContent-length: -1\r\n\r\n"), "76 Content-length: -1");
  EXPECT_EQ(fault_of("CHECK SPAMC/1.5\r\nContent-length: 1e3\r\n\r\n"), "76 Content-length: 1e3");
  EXPECT_EQ(fault_of("CHECK SPAMC/1.5\r\nContent-length: 99999999999999999999\r\n\r\n"),
            "76 Content-length: 99999999999999999999");
  EXPECT_EQ(fault_of("CHECK SPAMC/1.5\r\nContent-length: 1001\r\n\r\n"),
            "98 messages are at most 1000 octets");
  EXPECT_EQ(fault_of("CHECK SPAMC/1.5\r\n\r\n" + std::string(1'001, 'x')),
            "98 messages are at most 1000 octets");
  EXPECT_EQ(fault_of("CHECK SPAMC/1.5\r\nContent-length: 5\r\n\r\nabc"),
            "65 Content-length is 5, 3 octets came");
  EXPECT_EQ(fault_of("CHECK SPAMC/1.5\r\nCompress: zlib\r\n\r\n"), "64 Compress is not supported");
  EXPECT_EQ(fault_of("CHECK SPAMC/1.5\r\n"), "76 the request is not complete");
  EXPECT_EQ(fault_of("CHECK SPAMC/1.5\r\n" + std::string(9'000, 'x')),
            "76 the head is above 8192 octets");
  EXPECT_EQ(fault_of("CHE\x01K\r\n\r\n"), "76 Bad header line: CHE?K");
}

TEST(SpamdProtocol, AnAnswerHasItsLength) {
  EXPECT_EQ(spamd_answer(SpamdStatus::ok, "Spam: True ; 7.0 / 5.0\r\n", "A,B\r\n"),
            "SPAMD/1.5 0 EX_OK\r\nContent-length: 5\r\nSpam: True ; 7.0 / 5.0\r\n\r\nA,B\r\n");
  EXPECT_EQ(spamd_refusal({SpamdStatus::too_big, "x"}), "SPAMD/1.5 98 x\r\n");
}

TEST(SpamdProtocol, FieldsOfOtherFiltersGiveWayToOurs) {
  EXPECT_EQ(with_status_fields("A: 1\nX-Spam-Flag: NO\n folded\nB: 2\n\nX-Spam-Flag: body\n",
                               "X-Spam-Flag: YES\n"),
            "X-Spam-Flag: YES\nA: 1\nB: 2\n\nX-Spam-Flag: body\n");
  EXPECT_EQ(with_status_fields("A: 1\r\n", "F: x\r\n"), "F: x\r\nA: 1\r\n");
  EXPECT_EQ(with_status_fields("", "F: x\n"), "F: x\n");
  EXPECT_EQ(with_status_fields("\nbody", "F: x\n"), "F: x\n\nbody");
}

}  // namespace
}  // namespace sluice::control
