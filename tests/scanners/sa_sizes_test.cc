// No field, name or line is so long that a rule or function cannot look at it: messages of random
// pieces repeated up to 60,000 octets, with every form of header rule and every function of
// "eval:". They hit the same rules whatever the chunks they came in.
#include <gtest/gtest.h>

#include <array>

#include "engine/base/random.h"
#include "scanners/mime/message_reader.h"
#include "scanners/spamassassin/eval.h"
#include "scanners/spamassassin/rule_scan.h"

namespace sluice::scan::sa {
namespace {

constexpr std::size_t kFieldMax = 60'000;
constexpr std::array kFields{"From",    "To",           "Cc",          "Reply-To",
                             "Subject", "Received",     "Date",        "Message-ID",
                             "Sender",  "Content-Type", "References",  "Return-Path",
                             "List-Id", "X-Mailer",     "In-Reply-To", "Content-Disposition",
                             "X-Loop",  "Resent-To",    "Thread-Index"};
constexpr std::array kPieces{"a",
                             "\"Bank\" ",
                             "=?utf-8?q?n=C3=A4me?= ",
                             "=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=",
                             "=?",
                             "user@example.com, ",
                             "<user@example.com>,\r\n\t",
                             "(",
                             ")",
                             "\"",
                             "\\",
                             "from a (b [192.0.2.1]) by c with SMTP id 1; ",
                             "[8.8.8.8] ",
                             "Sun, 22 Nov 2026 10:00:00 +0000 ",
                             "; name=\"x\"",
                             "; boundary=b",
                             "\r\n ",
                             "\xc3\xa4",
                             "\xff",
                             "1,000,000 ",
                             "http://www.example.com/?a=b ",
                             "<a href=http://example.com>",
                             "<font size=9>",
                             "&#x20ac;",
                             "a.",
                             "'"};

std::string rules_of_all_functions() {
  std::string rules;
  int number = 0;
  const auto add = [&](std::string_view kind, std::string_view text) {
    rules.append(kind) += " S_" + std::to_string(number++) + " ";
    rules.append(text) += "\n";
  };
  for (const auto& evals :
       {header_evals(), address_evals(), relay_evals(), date_evals(), freemail_header_evals(),
        list_evals(), provider_evals(), html_evals(), mime_evals(), body_evals(), image_evals(),
        uri_evals(), freemail_evals()})
    for (const NamedEval& eval : evals)
      for (const char* arguments : {"()", "('From', 'a', '2')", "('1', '1000', '3')"})
        add(eval.name.starts_with("check_for_mime") ? "rawbody" : "header",
            "eval:" + std::string(eval.name) + arguments);
  for (const char* field : {"From", "ToCc", "ALL", "Received", "MESSAGEID", "EnvelopeFrom",
                            "X-Spam-Relays-Untrusted", "ALL-EXTERNAL"})
    for (const char* form : {"", ":raw", ":addr", ":name", ":first", ":last", ":host", ":domain"})
      add("header", std::string(field) + form + " =~ /a(?:.{0,40}b)+/");
  add("mimeheader", "Content-Type =~ /na(?:me)+/");
  for (const char* kind : {"body", "rawbody", "uri", "full"}) add(kind, "/a[^b]{1,90}c|\\x{e4}+/i");
  return rules;
}

class Sizes {
 public:
  std::string message() {
    std::string text;
    for (std::uint64_t fields = 1 + random_.below(6); fields > 0; --fields)
      text.append(kFields[random_.below(kFields.size())]) += ": " + shape() + "\r\n";
    return text + "\r\n" + shape() + "\r\n\r\n" + shape();
  }
  std::vector<float> counts(const std::string& message, std::size_t chunk) {
    scan_.begin();
    reader_.begin();
    for (ByteView rest = as_bytes(message); !rest.empty();) {
      const std::size_t size = std::min(chunk, rest.size());
      scan_.full(rest.first(size));
      reader_.feed(rest.first(size), tools_.workspace, scan_);
      rest = rest.subspan(size);
    }
    reader_.finish(tools_.workspace, scan_);
    std::vector<float> counts;
    for (std::uint32_t rule = 0; rule < program_->book().rules.size(); ++rule)
      counts.push_back(scan_.count(rule));
    return counts;
  }
  std::size_t chunk() { return 1 + random_.below(5'000); }
  const std::string& problems() const noexcept { return problems_; }

 private:
  // One piece, or two in turns, as often as the size says: small and large ones alike.
  std::string shape() {
    const std::size_t size = std::size_t{1} << random_.below(17);
    const std::string one = kPieces[random_.below(kPieces.size())];
    const std::string two = random_.below(2) == 0 ? one : kPieces[random_.below(kPieces.size())];
    std::string text = random_.below(2) == 0 ? "" : kPieces[random_.below(kPieces.size())];
    while (text.size() < std::min(size, kFieldMax)) text += one + two;
    return text + kPieces[random_.below(kPieces.size())];
  }
  std::shared_ptr<const Program> compile() {
    config::Problems problems;
    RuleBook book = read_rule_book({}, problems, rules_of_all_functions());
    auto program = Program::compile(std::move(book), {}, problems);
    problems_ = config::text_of(problems);
    return program;
  }

  Random random_{20'261'123};
  std::string problems_;
  std::shared_ptr<const Program> program_ = compile();
  ScanTools tools_{*program_};
  RuleScan scan_{program_, tools_, 256 * 1024};
  mime::MessageReader reader_{{}, RuleScan::wanted()};
};

TEST(SaSizes, NothingIsTooLongForARule) {
  Sizes sizes;
  EXPECT_EQ(sizes.problems(), "");
  for (int i = 0; i < 1000; ++i) {
    const std::string message = sizes.message();
    ASSERT_EQ(sizes.counts(message, SIZE_MAX), sizes.counts(message, sizes.chunk())) << message;
  }
}

}  // namespace
}  // namespace sluice::scan::sa
