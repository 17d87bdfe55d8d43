// Our own rules: what they are meant to find they find, and ordinary mail they leave alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scanners/builtin_rules.h"
#include "scanners/own_rules.h"
#include "scanners/spamassassin/whole_message.h"

namespace sluice::scan {
namespace {

class OwnRules : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    config::Problems problems;
    auto book = sa::read_rule_book({}, problems, std::string(kBuiltinRules) += own_rules());
    program_ = sa::Program::compile(std::move(book), {}, problems);
    for (const auto& problem : problems) ADD_FAILURE() << problem.text();
    for (const auto& note : program_->notes()) ADD_FAILURE() << note;
  }
  static void TearDownTestSuite() { program_.reset(); }

  static std::vector<std::string> hits(std::string_view message) {
    sa::WholeMessageScanner scanner(program_, {});
    std::vector<std::string> names;
    for (const auto& hit : scanner.scan(as_bytes(message)).hits)
      if (!program_->rule(hit.rule).helper()) names.push_back(program_->rule(hit.rule).name);
    return names;
  }
  static std::string mail(std::string_view from, std::string_view subject, std::string_view body,
                          std::string_view more = "Content-Type: text/plain; charset=utf-8\r\n") {
    return "From: " + std::string(from) +
           "\r\nTo: <bob@example.com>\r\nSubject: " + std::string(subject) +
           "\r\nMessage-ID: <1@example.com>\r\n" + std::string(more) + "\r\n" + std::string(body) +
           "\r\n";
  }

  static std::shared_ptr<const sa::Program> program_;
};
std::shared_ptr<const sa::Program> OwnRules::program_;

using testing::Contains;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

TEST_F(OwnRules, FindABorrowedName) {
  EXPECT_THAT(hits(mail("\"PayPal Service\" <x@mail.evil.example>", "Hello", "Text")),
              Contains("SL_BRAND_FROM"));
  EXPECT_THAT(hits(mail("\"PayPal\" <service@intl.paypal.example>", "Hello", "Text")),
              Not(Contains("SL_BRAND_FROM")));
  EXPECT_THAT(hits(mail("\"Wells Fargo\" <x@evil.example>", "Hello", "Text")),
              Contains("SL_BRAND_TWO"));
  EXPECT_THAT(hits(mail("\"Wells Fargo\" <x@wellsfargo.example>", "Hello", "Text")),
              Not(Contains("SL_BRAND_TWO")));
  EXPECT_THAT(hits(mail("\"ceo@example.com\" <x@evil.invalid>", "Hello", "Text")),
              Contains("SL_NAME_IS_ADDRESS"));
  EXPECT_THAT(hits(mail("Ann Chase <ann@example.com>", "Hello", "Text")), IsEmpty());
}

TEST_F(OwnRules, FindAPretextWithALinkToNowhere) {
  const std::string text =
      "Your account has been suspended. Please verify your identity within 24 hours:\r\n"
      "https://login-check.pages.dev/start#bob@example.com\r\n";
  EXPECT_THAT(hits(mail("Mail Support <x@tenant.onmicrosoft.com>", "Action required", text)),
              IsSupersetOf({"SL_FREE_SITE", "SL_PHISH_LINK", "SL_PRETEXT", "SL_PRETEXTS",
                            "SL_PRETEXT_SUBJECT", "SL_TENANT_SENDER", "SL_URI_VICTIM"}));
  // The same in a thread of a list is talked about, not done.
  const auto with = [&](const char* fields) {
    return hits(mail("Ann <ann@example.com>", "Re: [mail] Action required", text, fields));
  };
  for (const char* fields :
       {"List-Post: <mailto:mail@lists.example>\r\nCc: Mail <mail@lists.example>\r\n",
        "Cc: ann@example.com,\r\n\tMail <mail@lists.example>\r\nList-Id: All about mail\r\n"
        " <mail.lists.example>\r\n",
        "In-Reply-To: <2@example.com>\r\nReferences: <1@example.com>\r\n <2@example.com>\r\n"})
    for (const char* rule : {"SL_FREE_SITE", "SL_PHISH_LINK", "SL_PRETEXT", "SL_PRETEXT_SUBJECT"})
      EXPECT_THAT(with(fields), Not(Contains(rule))) << fields;
  // Fields that agree with nothing are no thread.
  for (const char* fields :
       {"List-Post: <mailto:mail@lists.example>\r\nList-Id: <mail.lists.example>\r\n",
        "List-Id: <mail.lists.example>\r\nCc: mail@other.example\r\n",
        "In-Reply-To: <2@example.com>\r\n",
        "In-Reply-To: <2@example.com>\r\nReferences: <3@example.com>\r\n"})
    EXPECT_THAT(with(fields), IsSupersetOf({"SL_FREE_SITE", "SL_PRETEXT", "SL_PRETEXT_SUBJECT"}))
        << fields;
}

TEST_F(OwnRules, FindHostsInDisguise) {
  const auto of = [](const char* link) {
    return hits(mail("Ann <ann@example.com>", "Hello", link));
  };
  EXPECT_THAT(of("https://www.bank.example@evil.example/x"), Contains("SL_URI_USERINFO"));
  EXPECT_THAT(of("https://xn--pypal-4ve.example/"), Contains("SL_URI_XN"));
  EXPECT_THAT(of("https://ipfs.io/ipfs/bafybeigd"), Contains("SL_IPFS"));
  EXPECT_THAT(of("https://bit.ly/3abcdef"), Contains("SL_SHORT_LINK"));
  EXPECT_THAT(of("https://paypal-login.web.app/"), Contains("SL_URI_BRAND"));
  EXPECT_THAT(of("https://offer.example.top/"), Contains("SL_CHEAP_LINK"));
  EXPECT_THAT(of("https://www.google.com/url?q=https://evil.example"),
              Contains("SL_OPEN_REDIRECT"));
  for (const char* plain :
       {"https://www.example.com/top/shop.html#part", "https://github.com/a/b/pull/12#issue-3",
        "https://lists.example.org/archives/list/dev@lists.example.org/",
        "https://top.example.com/"})
    EXPECT_THAT(of(plain), IsEmpty()) << plain;
}

TEST_F(OwnRules, FindLettersInDisguise) {
  const auto of = [](const char* subject, const char* body) {
    return hits(mail("Ann <ann@example.com>", subject, body));
  };
  EXPECT_THAT(of("P\xd0\xb0ypal", "x"), Contains("SL_MIXED_HEADER"));
  EXPECT_THAT(of("Hello", "your p\xd0\xb0ssword"), Contains("SL_MIXED_BODY"));
  EXPECT_THAT(of("\xf0\x9d\x97\x94\xf0\x9d\x97\x95", "x"), Contains("SL_MATH_LETTERS"));
  EXPECT_THAT(of("pass\xe2\x80\x8bword", "x"), Contains("SL_NO_WIDTH_HEADER"));
  EXPECT_THAT(
      of("\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 Ann", "\xd0\xba\xd0\xb0\xd0\xba Ann?"),
      IsEmpty());
}

TEST_F(OwnRules, FindAPageThatAsksForAPassword) {
  const std::string page = mail(
      "Ann <ann@example.com>", "Hello",
      "--b\r\nContent-Type: text/html; name=\"statement.html\"\r\nContent-Disposition: attachment; "
      "filename=\"statement.html\"\r\n\r\n<form action=https://evil.example><input type=password>"
      "</form>\r\n--b--",
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n");
  EXPECT_THAT(hits(page), IsSupersetOf({"SL_HTML_FILE", "SL_HTML_FILE_RUNS", "SL_PASSWORD_FORM"}));
}

TEST_F(OwnRules, FindExtortionGiftCardsAndFortunes) {
  EXPECT_THAT(hits(mail("A <a@example.com>", "Hi",
                        "I recorded you with your camera. Send it to "
                        "bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh in bitcoin")),
              IsSupersetOf({"SL_EXTORTION", "SL_EXTORTION_ADDR"}));
  EXPECT_THAT(
      hits(mail("A <a@example.com>", "Hi",
                "I am in a meeting and can't talk. I need you to buy some Apple gift cards")),
      Contains("SL_GIFT_CARDS"));
  EXPECT_THAT(
      hits(mail("A <a@example.com>", "Hi", "my late husband left $4.5 million to a beneficiary")),
      Contains("SL_FORTUNE"));
}

TEST_F(OwnRules, LeaveOrdinaryMailAlone) {
  EXPECT_THAT(hits(mail("Ann Example <ann@example.com>", "Lunch on Thursday?",
                        "Hi Bob,\r\n\r\nthe invoice is attached, see you at noon.\r\n"
                        "https://www.example.com/menu?day=4\r\n\r\nAnn")),
              IsEmpty());
  EXPECT_THAT(
      hits(mail("Kernel <k@example.org>", "[PATCH v2 3/7] mmc: block: handle locked cards",
                "If the card is locked the access fails:\r\n+\tif (access) return -EPERM;\r\n",
                "Cc: k@lists.example.org\r\nList-Id: <k.lists.example.org>\r\n")),
      IsEmpty());
}

TEST_F(OwnRules, FindAFormThatProgramsReadDifferently) {
  const std::string twice =
      "Content-Type: multipart/mixed; boundary=a\r\nContent-Type: text/plain\r\n";
  EXPECT_THAT(hits(mail("x@example.org", "Hello", "--a\r\n\r\nText\r\n--a--", twice)),
              Contains("SL_FORM_AMBIGUOUS"));
  const std::string coded = "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n";
  EXPECT_THAT(hits(mail("x@example.org", "Hello", "SGVs-*-bG8gd29ybGQu", coded)),
              Contains("SL_FORM_BROKEN"));
  EXPECT_THAT(hits(mail("x@example.org", "Hello", "SGVsbG8gd29ybGQu", coded)), IsEmpty());
}

TEST_F(OwnRules, FindWhatIsNotShown) {
  const std::string html = "Content-Type: text/html\r\n";
  std::string words;
  for (int i = 0; i < 80; ++i) words += "word ";
  const std::string hidden = "<p style=\"display:none\">" + words + "</p>";
  const auto found = [&](const std::string& body) {
    return hits(mail("x@example.org", "Hello", body, html));
  };
  EXPECT_THAT(found(hidden + "<p>Hello</p>"), IsSupersetOf({"SL_HIDDEN_TEXT", "SL_HIDDEN_MOST"}));
  EXPECT_THAT(found(hidden + "<p>" + words + "</p>"), Not(Contains("SL_HIDDEN_MOST")));
  EXPECT_THAT(found("<p>" + words + words + "</p>" + hidden), Not(Contains("SL_HIDDEN_TEXT")));
}

TEST_F(OwnRules, FindALinkThatIsNotWhatItLooksLike) {
  const std::string html = "Content-Type: text/html\r\n";
  const auto found = [&](const std::string& link) {
    return hits(mail("x@example.org", "Hello", "Look: " + link, html));
  };
  EXPECT_THAT(found("<a href=\"http://evil.example.net/\">http://www.bank.com/</a>"),
              Contains("SL_LINK_DECEPTIVE"));
  EXPECT_THAT(found("<a href=\"http://www.bank.com/x\">http://www.bank.com/</a>"),
              Not(Contains("SL_LINK_DECEPTIVE")));
  EXPECT_THAT(found("<a href=\"http://3627734734/\">here</a>"), Contains("SL_LINK_DISGUISED"));
}

}  // namespace
}  // namespace sluice::scan
