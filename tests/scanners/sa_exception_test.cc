// What throws below the rules costs a message the rest of its scan, never the engine.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "scanners/mime/message_reader.h"
#include "scanners/spamassassin/rule_scan.h"

namespace {
thread_local long allocations_left = -1;  // then one fails; negative: none does
}  // namespace

void* operator new(std::size_t size) {
  if (allocations_left >= 0 && allocations_left-- == 0) throw std::bad_alloc();
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
// Sanitizers have one of their own, which does not go with this delete.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace sluice::scan::sa {
namespace {

constexpr std::string_view kMessage =
    "Received: from a.example (b.example [192.0.2.1]) by mx.example.com (Postfix) with ESMTP id "
    "1;\r\n"
    "\tMon, 2 Mar 2026 10:00:00 +0000\r\n"
    "From: \"A long name that is in no small string\" <somebody.with.a.name@sender.example>\r\n"
    "To: someone.with.a.long.name@example.com\r\nSubject: an offer that is long enough\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\n"
    "A paragraph with an offer and some words more.\r\n\r\n"
    "See http://www.a-rather-long-name.example/with/a/path?and=query and "
    "mail@somewhere.example\r\n";

class Throwing : public ::testing::Test {
 protected:
  Throwing() {
    config::Problems problems;
    RuleBook book = parse_rule_book(R"(header H Subject =~ /offer/
header NAME From:name =~ /long name/
header RELAY X-Spam-Relays-Untrusted =~ /helo=/
header COUNT eval:check_header_count_range('Received', '1', '1')
body B /offer/
rawbody R /offer/
uri U /query/
)",
                                    "t.cf", problems);
    program_ = Program::compile(std::move(book), {}, problems);
    EXPECT_EQ(config::text_of(problems), "");
    tools_ = std::make_unique<ScanTools>(*program_, 16);
    scan_ = std::make_unique<RuleScan>(program_, *tools_, 64 * 1024);
  }

  // Rules that hit when the allocation fails behind so many others; `failed`: it did.
  std::string scan(long allocations, bool& failed) {
    reader_->begin();
    allocations_left = allocations;
    scan_->begin();
    reader_->feed(as_bytes(kMessage), tools_->workspace, *scan_);
    reader_->finish(tools_->workspace, *scan_);
    failed = allocations_left < 0;
    allocations_left = -1;
    std::string names;
    for (std::uint32_t i = 0; i < program_->book().rules.size(); ++i)
      if (scan_->count(i) > 0) names += program_->rule(i).name + " ";
    return names;
  }

  std::shared_ptr<const Program> program_;
  std::unique_ptr<ScanTools> tools_;
  std::unique_ptr<RuleScan> scan_;
  std::unique_ptr<mime::MessageReader> reader_ =
      std::make_unique<mime::MessageReader>(mime::MessageLimits{}, RuleScan::wanted());
};

TEST_F(Throwing, LeavesAPartUnscannedAndIsForgotten) {
  constexpr const char* kAll = "H NAME RELAY COUNT B R U ";
  bool failed = true;
  long allocations = 0;
  for (; failed && allocations < 10'000; ++allocations) {
    // Another scan: what the one before keeps for the next is gone.
    scan_ = std::make_unique<RuleScan>(program_, *tools_, 64 * 1024);
    const std::string hits = scan(allocations, failed);
    EXPECT_EQ(scan_->limited(), failed) << allocations;
    if (!failed) {
      EXPECT_EQ(hits, kAll);
    }
    bool none = false;
    EXPECT_EQ(scan(10'000'000, none), kAll) << allocations;
    EXPECT_FALSE(scan_->limited());
  }
  EXPECT_FALSE(failed);
  EXPECT_GT(allocations, 10);
}

}  // namespace
}  // namespace sluice::scan::sa
