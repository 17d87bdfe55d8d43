// What is read in runs of octets, beside the same read octet by octet.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "scanners/mime/body_text.h"
#include "scanners/mime/octet_search.h"
#include "scanners/mime/white_space.h"
#include "scanners/uri/finder.h"

namespace sluice::scan {
namespace {

using mime::OctetPattern;
using mime::OctetSet;

// Texts of pieces that matter, in any order, well-formed.
std::string random_text(Random& random, std::size_t pieces) {
  constexpr std::string_view kPieces[] = {" ",
                                          " ",
                                          "  ",
                                          "\r\n",
                                          "\n",
                                          "\r",
                                          "\t",
                                          "\v",
                                          "a",
                                          "the",
                                          "word",
                                          "sentence.",
                                          "e.g.",
                                          ".",
                                          ":",
                                          "(",
                                          "[",
                                          "<",
                                          ">",
                                          "\"",
                                          "\x7f",
                                          "@",
                                          "a@b.de",
                                          "://",
                                          "www.",
                                          "example.com",
                                          "http://a.de/b",
                                          "\xc2\xa0",
                                          "\xc2\xa9",
                                          "\xe2\x80\x89",
                                          "\xe2\x80\x9c",
                                          "\xe3\x80\x80",
                                          "\xe3\x81\x82",
                                          "\xe1\x9a\x80",
                                          "\xf0\x9f\x98\x80",
                                          "\xe2\x80\xa8",
                                          "1.5",
                                          "10:30",
                                          "\r\n\r\n",
                                          "mailto:x@example.org"};
  std::string text;
  for (std::size_t i = 0; i < pieces; ++i) {
    text += kPieces[random.below(std::size(kPieces))];
    if (random.chance(0.02)) text.append(random.below(3'000), 'x');
    if (random.chance(0.1)) text += " and some words that are nothing but words of a text, ";
  }
  return text;
}

// A piece of `text` that is cut between characters.
std::string_view take_piece(std::string_view& text, std::size_t size) {
  size = std::min(size, text.size());
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
  const std::string_view piece = text.substr(0, size);
  text.remove_prefix(size);
  return piece;
}

constexpr OctetPattern kPattern(
    OctetSet::of([](unsigned octet) { return octet < 9 || octet == 0xe3 || octet == 0xffU; }),
    OctetSet::of([](unsigned octet) { return octet == ' ' || octet == '.' || octet >= 0xf0; }),
    OctetSet::of([](unsigned octet) { return octet == ' ' || (octet >= 'a' && octet <= 'f'); }));

std::size_t find_slowly(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    if (octet < 9 || octet == 0xe3 || octet == 0xff) return i;
    if (octet != ' ' && octet != '.' && octet < 0xf0) continue;
    if (i + 1 < text.size() && (text[i + 1] == ' ' || (text[i + 1] >= 'a' && text[i + 1] <= 'f')))
      return i;
  }
  return text.size();
}

TEST(OctetSearch, OfEveryKernelFindsTheFirst) {
  Random random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random.below(200), 'x');
    for (int i = 0; i < 4 && !text.empty(); ++i)
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    for (int i = 0; i < 3 && text.size() > 1; ++i)
      text.replace(random.below(text.size() - 1), 2, random.chance(0.5) ? ".f" : " x");
    // In memory of its own size, so that a read beyond is seen.
    const std::vector<std::uint8_t> exact(text.begin(), text.end());
    for (const mime::SearchKernel* kernel : mime::search_kernels())
      ASSERT_EQ(kernel->find(kPattern, exact.data(), exact.size()), find_slowly(text))
          << kernel->name << " in " << testing::PrintToString(text);
  }
}

TEST(OctetSearch, OfEveryKernelKnowsTheMembers) {
  static constexpr OctetSet kSet = OctetSet::of([](unsigned octet) {
    return octet == '.' || (octet >= 'a' && octet <= 'f') || octet > 0xf3;
  });
  static constexpr OctetPattern kOfSet(kSet, {}, {});
  Random random(6);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::uint8_t> exact(random.below(200), 'x');
    for (std::size_t i = random.below(exact.size() + 1); i > 0; --i)
      exact[random.below(exact.size())] = static_cast<std::uint8_t>(random.below(256));
    std::vector<std::size_t> members;
    for (std::size_t i = 0; i < exact.size(); ++i)
      if (const unsigned o = exact[i]; o == '.' || (o >= 'a' && o <= 'f') || o > 0xf3)
        members.push_back(i);
    const std::size_t first = members.empty() ? exact.size() : members.front();
    const std::size_t block = std::min(exact.size(), mime::kMembersBlock);
    std::uint64_t mask = 0;
    for (const std::size_t at : members) mask |= at < block ? std::uint64_t{1} << at : 0;
    for (const mime::SearchKernel* kernel : mime::search_kernels()) {
      ASSERT_EQ(kernel->find_alone(kOfSet, exact.data(), exact.size()), first) << kernel->name;
      ASSERT_EQ(kernel->count(kSet, exact.data(), exact.size()), members.size()) << kernel->name;
      ASSERT_EQ(kernel->members(kSet, exact.data(), block), mask) << kernel->name;
    }
    std::vector<std::size_t> visited;
    mime::for_each_member(kSet, exact, [&](std::size_t at) { visited.push_back(at); });
    ASSERT_EQ(visited, members);
  }
}

TEST(PlainRun, EndsWhereWhiteSpaceWouldBeCollapsed) {
  using mime::plain_run;
  const auto run = [](std::string_view text) { return plain_run(as_bytes(text)); };
  EXPECT_EQ(run(""), 0u);
  EXPECT_EQ(run(" "), 0u);
  EXPECT_EQ(run("one two"), 7u);
  EXPECT_EQ(run(" one two "), 8u);
  EXPECT_EQ(run("one  two"), 3u);
  EXPECT_EQ(run("one \xc2\xa0two"), 3u);
  EXPECT_EQ(run("one \xe2\x80\x9ctwo\xe2\x80\x9d three\r\n"), 19u);
  EXPECT_EQ(run("\xe3\x81\x82\xe3\x80\x80"), 3u);
}

// The elements of a text as they were made before there were runs: each character by itself.
class SlowBodyText {
 public:
  std::string of(std::string_view text) {
    while (!text.empty()) {
      const std::size_t blank = mime::white_space_size(as_bytes(text));
      blank > 0 ? space(text) : word(text.front());
      text.remove_prefix(std::max<std::size_t>(blank, 1));
    }
    end_spaces();
    if (!line_.empty()) tell(line_.size());
    return told_;
  }

 private:
  void space(std::string_view text) {
    if (text.front() == '\n') {
      cr_ = behind_ = false;
      ++newlines_;
      return;
    }
    bool& seen = newlines_ > 0 ? behind_ : before_;
    seen = seen || cr_;
    cr_ = text.front() == '\r';
    seen = seen || !cr_;
  }
  void word(char c) {
    end_spaces();
    put(c);
  }
  void end_spaces() {
    if (cr_) (newlines_ > 0 ? behind_ : before_) = true;
    if (newlines_ >= 2) {
      if (before_) put(' ');
      put('\n');
      if (behind_) put(' ');
    } else if (newlines_ == 1 || before_) {
      put(' ');
    }
    cr_ = before_ = behind_ = false;
    newlines_ = 0;
  }
  void put(char c) {
    line_ += c;
    if (c == '\n' && line_.size() <= mime::kBodyElementBytes) return tell(line_.size());
    if (line_.size() <= mime::kBodyElementBytes) return;
    const std::size_t space = line_.rfind(' ');
    tell(space == line_.npos ? mime::kBodyElementBytes : space + 1);
    if (c == '\n' && !line_.empty()) tell(line_.size());
  }
  void tell(std::size_t size) {
    told_ += line_.substr(0, size) + "|";
    line_.erase(0, size);
  }

  bool cr_ = false, before_ = false, behind_ = false;
  int newlines_ = 0;
  std::string line_, told_;
};

class Elements final : public mime::MessageSink {
 public:
  std::string told;

 private:
  void body(mime::BodyView, std::string_view element) noexcept override {
    told += element;
    told += '|';
  }
};

TEST(BodyText, InRunsIsThatOfSingleCharacters) {
  Random random(4);
  auto body = std::make_unique<mime::BodyText>(mime::BodyView::all);
  for (int round = 0; round < 3'000; ++round) {
    const std::string text = random_text(random, 1 + random.below(60));
    Elements elements;
    body->begin();
    const std::size_t size_max = std::size_t{1} << random.below(12);
    for (std::string_view rest = text; !rest.empty();)
      body->feed(as_bytes(take_piece(rest, 1 + random.below(size_max))), elements);
    body->finish(elements);
    ASSERT_EQ(elements.told, SlowBodyText().of(text)) << testing::PrintToString(text);
  }
}

class Uris final : public uri::FinderSink {
 public:
  std::string told;

 private:
  void found(mime::Uri& uri) noexcept override {
    told += uri.written;
    told += ' ';
    told += std::to_string(uri.signs);
    told += '|';
  }
};

bool ends_word(std::string_view text) {
  const auto octet = static_cast<unsigned char>(text.front());
  return octet <= ' ' || octet == '<' || octet == '>' || octet == '"' || octet == 0x7f ||
         mime::white_space_size(as_bytes(text)) > 0;
}

TEST(Finder, InRunsFindsWhatIsInSingleWords) {
  Random random(5);
  auto finder = std::make_unique<uri::Finder>(1'000'000);
  finder->begin();
  for (int round = 0; round < 2'000; ++round) {
    const std::string text = random_text(random, 1 + random.below(60));
    Uris in_runs, in_words;
    finder->begin_part();
    const std::size_t size_max = std::size_t{1} << random.below(12);
    for (std::string_view rest = text; !rest.empty();)
      finder->feed(as_bytes(take_piece(rest, 1 + random.below(size_max))), in_runs);
    finder->end_part(in_runs);
    for (std::string_view rest = text; !rest.empty();) {
      std::size_t size = 0;
      while (size < rest.size() && !ends_word(rest.substr(size))) ++size;
      finder->begin_part();
      if (size > 0) finder->feed(as_bytes(rest.substr(0, size)), in_words);
      finder->end_part(in_words);
      take_piece(rest, size + 1);
    }
    ASSERT_EQ(in_runs.told, in_words.told) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace sluice::scan
