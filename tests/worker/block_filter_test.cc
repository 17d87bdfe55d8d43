#include "engine/worker/block_filter.h"

#include <gtest/gtest.h>

#include "engine/net/range_prefix_table.h"

namespace sluice::worker {
namespace {

using net::SynVerdict;
using policy::BlockMode;

const IpAddress kDropped = *IpAddress::parse("192.0.2.1");
const IpAddress kReset = *IpAddress::parse("198.51.100.1");
const IpAddress kRefused = *IpAddress::parse("203.0.113.1");
const IpAddress kWelcome = *IpAddress::parse("10.0.0.1");

std::shared_ptr<const net::PrefixTable> make_table() {
  auto table = std::make_shared<net::RangePrefixTable>(8);
  table->insert({kDropped, 32}, policy::BlockValue{0, BlockMode::drop}.packed());
  table->insert({kReset, 32}, policy::BlockValue{1, BlockMode::reset}.packed());
  table->insert({kRefused, 32}, policy::BlockValue{2, BlockMode::refuse}.packed());
  table->commit();
  return table;
}

net::SynVerdict verdict(BlockFilter& filter, const IpAddress& source) {
  net::SynVerdict verdict = net::SynVerdict::admit;
  filter.verdicts({&source, 1}, &verdict);
  return verdict;
}

}  // namespace

TEST(BlockFilter, AtTheSynWhatIsRefusedPolitelyIsAdmitted) {
  BlockFilter filter(make_table(), 8);
  EXPECT_EQ(verdict(filter, kDropped), SynVerdict::drop);
  EXPECT_EQ(verdict(filter, kReset), SynVerdict::reset);
  EXPECT_EQ(verdict(filter, kRefused), SynVerdict::admit);
  EXPECT_EQ(verdict(filter, kWelcome), SynVerdict::admit);
}

TEST(BlockFilter, EachOfABurstHasItsOwnAnswer) {
  BlockFilter filter(make_table(), 8);
  const std::vector<IpAddress> sources{kWelcome, kReset, kDropped, kWelcome, kRefused, kDropped};
  std::vector<SynVerdict> verdicts(sources.size());
  filter.verdicts(sources, verdicts.data());
  EXPECT_EQ(verdicts,
            (std::vector<SynVerdict>{SynVerdict::admit, SynVerdict::reset, SynVerdict::drop,
                                     SynVerdict::admit, SynVerdict::admit, SynVerdict::drop}));
  EXPECT_EQ(filter.hits(0), 2u);
}

TEST(BlockFilter, AnAcceptedConnectionIsRefusedInTheModeOfItsEntry) {
  BlockFilter filter(make_table(), 8);
  EXPECT_EQ(filter.refusal(kRefused), BlockMode::refuse);
  EXPECT_EQ(filter.refusal(kDropped), BlockMode::drop);
  EXPECT_FALSE(filter.refusal(kWelcome));
}

TEST(BlockFilter, EachEntryCountsAConnectionOnce) {
  BlockFilter filter(make_table(), 8);
  verdict(filter, kDropped);
  verdict(filter, kDropped);
  verdict(filter, kRefused);
  filter.refusal(kRefused);
  EXPECT_EQ(filter.hits(0), 2u);
  EXPECT_EQ(filter.hits(1), 0u);
  EXPECT_EQ(filter.hits(2), 1u);
}

TEST(BlockFilter, ANewTableCountsNewEntriesFromZeroAndOldOnesOn) {
  BlockFilter filter(make_table(), 8);
  verdict(filter, kDropped);
  verdict(filter, kReset);
  const std::vector<std::uint32_t> fresh{1};
  filter.exchange(make_table(), fresh);
  EXPECT_EQ(filter.hits(0), 1u);
  EXPECT_EQ(filter.hits(1), 0u);
}

}  // namespace sluice::worker
