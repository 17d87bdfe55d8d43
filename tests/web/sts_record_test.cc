#include "engine/web/sts_record.h"

#include "tests/routing/answers.h"

namespace sluice::web {
namespace {

using dns::Type;

std::string id_of(std::vector<std::string> texts) { return sts_record_id(texts).value_or("none"); }

TEST(StsRecord, HasAVersionAndAnId) {
  EXPECT_EQ(id_of({"v=STSv1; id=20160831085700Z;"}), "20160831085700Z");  // RFC 8461 3.1
  EXPECT_EQ(id_of({"v=STSv1;id=1"}), "1");
  EXPECT_EQ(id_of({"v=STSv1 ;\tid=1 ; new=x/y ;"}), "1");
  EXPECT_EQ(id_of({"v=STSv1; new=1; id=2"}), "2");
}

TEST(StsRecord, WhatIsNotByTheGrammarIsNone) {
  for (const char* text :
       {"", "v=STSv1", "v=STSv1;", "v=STSv1; id=", "v=STSv1; id=a-b", "v=STSv1; id=1; id=2",
        "v=stsv1; id=1", "v=STSv2; id=1", "v=STSv1; id=1; ;", "v=STSv1; id = 1", "v=STSv1; id=1 x",
        "v=STSv1; =1; id=1", "v=STSv1; -a=1; id=1", "v=STSv1; id=123456789012345678901234567890123",
        " v=STSv1; id=1", "v=STSv1 x; id=1"})
    EXPECT_EQ(id_of({text}), "none") << text;
  EXPECT_EQ(id_of({}), "none");
}

TEST(StsRecord, OthersDoNotCountButTwoAreNone) {
  EXPECT_EQ(id_of({"v=spf1 -all", "v=STSv1; id=1", "v=STSv10; id=3"}), "1");
  EXPECT_EQ(id_of({"v=STSv1; id=1", "v=STSv1; id=1"}), "none");
}

class StsQueryTest : public testing::Test {
 protected:
  StsQuery find(std::string_view domain = "example.com") {
    return zone.run([&](dns::AnswerTable& answers) { return find_sts_query(domain, answers); });
  }
  dns::Zone zone;
};

TEST_F(StsQueryTest, AsksForTheServerOnlyWhereThereIsARecord) {
  EXPECT_EQ(find().id, "");
  EXPECT_FALSE(zone.asked.contains({"mta-sts.example.com", Type::a}));
  zone.txt("_mta-sts.example.com", {"v=STSv1; id=7"}).a("mta-sts.example.com", {"192.0.2.1"});
  zone.aaaa("mta-sts.example.com", {"2001:db8::1"});
  EXPECT_EQ(find().id, "7");
  EXPECT_EQ(find().addresses.size(), 2U);
}

TEST_F(StsQueryTest, ALookUpThatFailsIsNoRecord) {
  zone.fails("_mta-sts.example.com", Type::txt);
  EXPECT_EQ(find().id, "");
}

TEST_F(StsQueryTest, WhatIsNoHostNameIsNotAskedFor) {
  EXPECT_EQ(find("a/../b.test").id, "");
  EXPECT_TRUE(zone.asked.empty());
}

}  // namespace
}  // namespace sluice::web
