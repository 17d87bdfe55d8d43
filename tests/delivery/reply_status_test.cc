#include "engine/delivery/reply_status.h"

namespace sluice::delivery {
namespace {

using smtp::Outcome;

TEST(ReplyStatus, IsTheReplysOwnWhereItFitsItsClass) {
  const struct {
    Outcome outcome;
    std::uint16_t code;
    const char* reply;
    const char* status;
  } rows[] = {
      {Outcome::failed, 550, "550 5.1.1 User unknown", "5.1.1"},
      {Outcome::failed, 550, "550-5.7.54 First line", "5.7.54"},
      {Outcome::failed, 550, "550 4.1.1 wrong class", "5.1.1"},
      {Outcome::failed, 550, "550 No enhanced code", "5.0.0"},
      {Outcome::failed, 550, "550 5.1.1234 too long", "5.0.0"},
      {Outcome::failed, 550, "550", "5.0.0"},
      {Outcome::deferred, 451, "451 4.3.0 Try later", "4.3.0"},
      {Outcome::deferred, 552, "552 5.2.2 taken for temporary", "4.2.2"},
      {Outcome::deferred, 421, "421 closing", "4.0.0"},
      {Outcome::deferred, 0, "connection reset", "4.4.2"},
      {Outcome::deferred, 0, "4.4.4 no route", "4.4.4"},
      {Outcome::delivered, 250, "250 2.0.0 Ok", "2.0.0"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(enhanced_status({row.outcome, row.code, row.reply}), row.status) << row.reply;
}

TEST(ReplyStatus, EnoughRecipientsIsNotTheFaultOfThisOne) {
  EXPECT_TRUE(takes_no_more({Outcome::deferred, 452, "452 4.5.3 Too many recipients"}));
  EXPECT_TRUE(takes_no_more({Outcome::deferred, 552, "552 Too many recipients"}));
  EXPECT_FALSE(takes_no_more({Outcome::deferred, 452, "452 4.2.2 Mailbox full"}));
  EXPECT_FALSE(takes_no_more({Outcome::deferred, 451, "451 4.5.3 Too many recipients"}));
  EXPECT_FALSE(takes_no_more({Outcome::failed, 552, "552 5.5.3 Too many recipients"}));
}

TEST(ReplyStatus, TheSubjectHasAMeaning) {
  EXPECT_EQ(status_meaning("5.1.1"), "Unknown address error");
  EXPECT_EQ(status_meaning("4.4.2"), "Network or routing error");
  EXPECT_EQ(status_meaning("5.9.1"), "Other or undefined status");
  EXPECT_EQ(status_meaning(""), "Other or undefined status");
}

}  // namespace
}  // namespace sluice::delivery
