#include "engine/config/values.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sluice::config {
namespace {

TEST(ConfigValues, ADurationIsANumberAndAUnit) {
  EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(parse_duration("5s"), seconds(5));
  EXPECT_EQ(parse_duration("15m"), minutes(15));
  EXPECT_EQ(parse_duration("4h"), hours(4));
  EXPECT_EQ(parse_duration("5 d"), hours(5 * 24));
  EXPECT_EQ(parse_duration("0s"), Duration{});
}

TEST(ConfigValues, ADurationWithoutUnitOrSenseIsRefused) {
  for (const char* text : {"", "5", "s", "-5s", "5.5s", "5 weeks", "5s ", "9223372036854775807d",
                           "99999999999999999999s", "106752d"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(ConfigValues, ASizeTakesBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_size("64 MiB"), 64u << 20);
  EXPECT_EQ(parse_size("50MB"), 50'000'000u);
  EXPECT_EQ(parse_size("1 kB"), 1'000u);
  EXPECT_EQ(parse_size("512"), 512u);
  EXPECT_EQ(parse_size("0"), 0u);
}

TEST(ConfigValues, ASizeWithoutSenseIsRefused) {
  for (const char* text : {"", "MiB", "-1", "1.5 MiB", "5 bits", "8388608 TiB", "1 mib"})
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

TEST(ConfigValues, WhatIsShownReadsBackTheSame) {
  for (const Duration d : {Duration{}, milliseconds(1), seconds(90), minutes(15), hours(120)})
    EXPECT_EQ(parse_duration(duration_text(d)), d) << duration_text(d);
  for (const std::uint64_t n : {0ULL, 1ULL, 1'000ULL, 1'024ULL, 52'428'800ULL, 1ULL << 40})
    EXPECT_EQ(parse_size(size_text(n)), n) << size_text(n);
  for (const char* cpus : {"", "0", "1-7,9", "3,1,2"})
    EXPECT_EQ(cpu_list_text(*parse_cpu_list(cpus)), cpus == std::string("3,1,2") ? "3,1-2" : cpus);
}

TEST(ConfigValues, ACpuListKeepsTheOrderWritten) {
  EXPECT_EQ(parse_cpu_list("1-3,9,0"), (std::vector<unsigned>{1, 2, 3, 9, 0}));
}

TEST(ConfigValues, ACpuListWithoutSenseIsRefused) {
  for (const char* text :
       {",", "1,", "1-", "-1", "3-1", "a", "1 2", "0-4096", "4294967296", "0-4095,0-4095"})
    EXPECT_EQ(parse_cpu_list(text), std::nullopt) << text;
}

TEST(ConfigValues, AHostNameHasLabelsOfLettersDigitsAndHyphens) {
  for (const char* name : {"mx", "mx.example.com", "1.example", "a-b.example"})
    EXPECT_TRUE(is_host_name(name)) << name;
  for (const std::string& name :
       {std::string(), std::string("."), std::string("mx."), std::string(".mx"),
        std::string("a..b"), std::string("-a"), std::string("a-"), std::string("a-.b"),
        std::string("a_b"), std::string(64, 'a'), std::string("m\xc3\xbcller.example")})
    EXPECT_FALSE(is_host_name(name)) << name;
}

TEST(ConfigValues, AQuotedTextEscapesWhatTomlWouldMisread) {
  EXPECT_EQ(quoted("a\"b\\c\nd"), "\"a\\\"b\\\\c\\u000ad\"");
}

}  // namespace
}  // namespace sluice::config
