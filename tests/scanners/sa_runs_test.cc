// What is gathered of texts in runs of octets, beside the same gathered octet by octet.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "scanners/html/name.h"
#include "scanners/mime/white_space.h"
#include "scanners/short_text.h"
#include "scanners/spamassassin/evidence/html_evidence.h"
#include "scanners/spamassassin/evidence/mime_evidence.h"
#include "scanners/spamassassin/evidence/scatter.h"
#include "scanners/spamassassin/evidence/text_evidence.h"
#include "scanners/spamassassin/evidence/text_list.h"

namespace sluice::scan::sa {
namespace {

using Pieces = std::vector<std::string_view>;

std::string random_text(Random& random, const Pieces& pieces) {
  std::string text;
  for (std::size_t left = random.below(80); left > 0; --left) {
    text += pieces[random.below(pieces.size())];
    if (random.chance(0.05)) text.append(random.below(150), random.chance(0.5) ? 'x' : '=');
  }
  return text;
}

// Calls feed(piece) for pieces of `text`, in memory of their own, so that a read beyond is seen.
template <typename Feed>
void feed_in_chunks(Random& random, std::string_view text, bool whole_characters, Feed&& feed) {
  const std::size_t size_max = std::size_t{1} << random.below(9);
  while (!text.empty()) {
    std::size_t size = std::min(text.size(), 1 + random.below(size_max));
    while (whole_characters && size < text.size() &&
           (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
      ++size;
    const std::vector<std::uint8_t> exact(text.begin(), text.begin() + static_cast<long>(size));
    feed(ByteView(exact));
    text.remove_prefix(size);
  }
}

// The octets of a part as they were counted before there were runs.
struct SlowMime {
  bool quoted_printable = false, base64 = false, plain = false, ascii = false;
  MimeFacts facts;
  std::uint64_t octets = 0;

  void feed(std::string_view text) {
    for (const char c : text) note(c);
    end_line();
  }

 private:
  void note(char c) {
    const auto octet = static_cast<unsigned char>(c);
    if (cr && c != '\n' && ascii) facts.ascii_text_illegal = true;
    cr = c == '\r';
    if (cr) return;
    ++line;
    ++octets;
    if (ascii && (octet == 0 || octet >= 0x80)) facts.ascii_text_illegal = true;
    if (plain) note_plain(c);
    if (quoted_printable) note_quoted(c);
    if (c == '\n') end_line();
  }
  void note_plain(char c) {
    constexpr std::string_view kEscape = "&#xHHHH;";
    ++facts.text_octets;
    const bool digit = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
    escape = (kEscape[escape] == 'H' ? digit : kEscape[escape] == c) ? escape + 1 : c == '&';
    if (escape < kEscape.size()) return;
    escape = 0;
    ++facts.unicode_escapes;
    facts.text_octets -= kEscape.size();
  }
  void note_quoted(char c) {
    ++facts.quoted_printable_octets;
    if (quoted == 2) {
      const bool digit = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
      facts.quoted_printable_needless += high == '0'   ? c == '9'
                                         : high == '3' ? digit && c != 'D'
                                         : high == '7' ? digit && c != 'F'
                                                       : digit;
      const bool blank = (high == '0' && c == '9') || (high == '2' && c == '0');
      blanks = blank ? blanks + 1 : 0;
      quoted = 0;
      return;
    }
    if (quoted == 1) {
      if (c == '\n') blanks = 0;
      high = c;
      quoted = c == '0' || (c >= '2' && c <= '7') ? 2 : 0;
    }
    if (c == '=')
      quoted = 1;
    else if (quoted == 0 && c != ' ' && c != '\t' && c != '\n')
      blanks = 0;
  }
  void end_line() {
    if (quoted_printable && line > 79) facts.quoted_printable_long_line = true;
    facts.quoted_printable_needless -= blanks;
    blanks = 0;
    quoted = 0;
    if (base64) facts.base64_line_max = std::max(facts.base64_line_max, line);
    line = 0;
  }

  bool cr = false;
  int quoted = 0;
  char high = 0;
  std::uint64_t blanks = 0, line = 0;
  std::size_t escape = 0;
};

TEST(SaRuns, OctetsOfAPart) {
  Random random(11);
  const Pieces pieces{"\r\n", "\n",       "\r",        "=\r\n",    "=\n",  "=3D",  "=20",
                      "=09",  "=41",      "=4",        "=",        " ",    "\t",   "a word",
                      "=C3=", "&#x20AC;", "&#x",       "\xc3\xa4", "abcd", "=\r2", "=2\r0",
                      "0",    "&",        "&&#x0416;", "\r\r\n"};
  for (int round = 0; round < 4'000; ++round) {
    const std::string text = random_text(random, pieces);
    const std::size_t kind = random.below(4);  // 8bit, quoted-printable, base64, none
    SlowMime slow;
    slow.quoted_printable = kind == 1;
    slow.base64 = kind == 2;
    slow.plain = kind == 0 || kind == 3;
    slow.ascii = random.chance(0.5);
    slow.feed(text);

    MimeEvidence evidence;
    evidence.begin();
    if (kind != 3) {
      constexpr std::string_view kNames[] = {"8bit", "Quoted-Printable", "base64"};
      evidence.field({.name = "Content-Transfer-Encoding", .raw = {}, .value = kNames[kind]});
    }
    evidence.section_end(mime::Section::message);
    mime::Part part;
    part.type = "text/plain";
    part.charset = slow.ascii ? "us-ascii" : "utf-8";
    evidence.part_begin(part);
    feed_in_chunks(random, text, false, [&](ByteView piece) { evidence.part_raw(piece); });
    evidence.part_end();

    const MimeFacts& facts = evidence.facts();
    const std::string shown = testing::PrintToString(text) + " as " + std::to_string(kind);
    ASSERT_EQ(evidence.nodes().front().octets, slow.octets) << shown;
    ASSERT_EQ(facts.text_octets, slow.facts.text_octets) << shown;
    ASSERT_EQ(facts.unicode_escapes, slow.facts.unicode_escapes) << shown;
    ASSERT_EQ(facts.quoted_printable_octets, slow.facts.quoted_printable_octets) << shown;
    ASSERT_EQ(facts.quoted_printable_needless, slow.facts.quoted_printable_needless) << shown;
    ASSERT_EQ(facts.quoted_printable_long_line, slow.facts.quoted_printable_long_line) << shown;
    ASSERT_EQ(facts.base64_line_max, slow.facts.base64_line_max) << shown;
    ASSERT_EQ(facts.ascii_text_illegal, slow.facts.ascii_text_illegal) << shown;
  }
}

std::map<std::string, std::uint32_t> words_of(std::string_view text) {
  std::map<std::string, std::uint32_t> words;
  std::string word;
  bool counts = false;
  const auto end_word = [&] {
    if (counts) ++words[word];
    word.clear();
    counts = false;
  };
  while (!text.empty()) {
    const std::size_t blank = mime::white_space_size(as_bytes(text));
    if (blank > 0) end_word();
    if (blank == 0) {
      const auto c = static_cast<unsigned char>(text.front());
      counts = counts || c >= 0x80 || std::isalnum(c) != 0 || c == '_';
      word += text.front();
    }
    text.remove_prefix(std::max<std::size_t>(blank, 1));
  }
  end_word();
  return words;
}

TEST(SaRuns, WordsOfAlternatives) {
  Random random(12);
  const Pieces pieces{" ",
                      "\n",
                      "\xc2\xa0",
                      "\xe3\x80\x80",
                      "a",
                      "the",
                      "word",
                      "--",
                      "...",
                      "\xe2\x80\x9c",
                      "\xc3\xa4",
                      "x_",
                      "1",
                      "\t",
                      "word ",
                      "some words of",
                      "\xe1\x9a\x80",
                      "\xe2\x80\x94"};
  TextEvidence evidence;
  for (int round = 0; round < 2'000; ++round) {
    evidence.begin();
    std::map<std::string, std::uint32_t> words[2];
    for (const bool html : {false, true}) {
      const std::string text = random_text(random, pieces);
      words[html] = words_of(text);
      evidence.part_begin(1, html, false);
      feed_in_chunks(random, text, true, [&](ByteView piece) { evidence.rendered(piece); });
      evidence.part_end(false);
    }
    evidence.message_end();
    std::size_t lacking = 0;
    const Alternative& one = evidence.alternatives().front();
    for (const auto& [word, count] : words[1]) {
      const auto found = words[0].find(word);
      lacking += found == words[0].end() || found->second < count ? 1 : 0;
    }
    ASSERT_EQ(one.text.size(), words[0].size());
    ASSERT_EQ(one.html.size(), words[1].size());
    ASSERT_EQ(one.lacking, lacking);
  }
}

TEST(SaRuns, LinesOfRawbody) {
  Random random(15);
  const Pieces pieces{"\n", "\r\n", " ", "\t", "text", "\n\n", "\v", "a line\n", "  \n", "\r"};
  TextEvidence evidence;
  for (int round = 0; round < 3'000; ++round) {
    const std::string text = random_text(random, pieces);
    std::uint64_t lines = 0;
    std::uint64_t blank = 0;
    for (std::string_view rest = text; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      ++lines;
      blank += line.find_first_not_of(" \t\r\f\v") == line.npos ? 1 : 0;
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
    evidence.begin();
    evidence.rawbody(text);
    ASSERT_EQ(evidence.facts().lines, lines) << testing::PrintToString(text);
    ASSERT_EQ(evidence.facts().blank_lines, blank) << testing::PrintToString(text);
  }
}

TEST(SaRuns, HeadingsOfSharesWhateverTheChunks) {
  Random random(16);
  const Pieces pieces{"\n",
                      "Symbol: ",
                      "Current Price: ",
                      "ABC",
                      "\n\n",
                      "Rating: high\n",
                      ":",
                      " ",
                      "Trade Date: now\n",
                      "some words without a meaning\n",
                      "Company Name : X"};
  TextEvidence evidence;
  const auto words_in = [&](std::string_view text, auto&& feed) {
    evidence.begin();
    evidence.part_begin(MimeNode::kNone, false, true);
    feed(text);
    evidence.part_end(false);
    return evidence.facts().stock_words;
  };
  std::uint32_t all = 0;
  for (int round = 0; round < 2'000; ++round) {
    const std::string text = random_text(random, pieces);
    const std::uint32_t whole =
        words_in(text, [&](std::string_view in) { evidence.rendered(as_bytes(in)); });
    const std::uint32_t octets = words_in(text, [&](std::string_view in) {
      for (; !in.empty(); in.remove_prefix(1)) evidence.rendered(as_bytes(in.substr(0, 1)));
    });
    const std::uint32_t chunks = words_in(text, [&](std::string_view in) {
      feed_in_chunks(random, in, true, [&](ByteView piece) { evidence.rendered(piece); });
    });
    ASSERT_EQ(whole, octets) << testing::PrintToString(text);
    ASSERT_EQ(whole, chunks) << testing::PrintToString(text);
    all |= whole;
  }
  EXPECT_EQ(std::popcount(all), 5);  // symbol, company name, current price, rating, the date
}

TEST(SaRuns, WordsAreBounded) {
  WordCounts words;
  for (std::size_t i = 0; i < 3'000; ++i) words.add(i * 977, 1'000);
  words.add(977, 1'000);
  EXPECT_EQ(words.size(), 1'000U);
  EXPECT_EQ(words.count(977), 2U);
  EXPECT_EQ(words.count(999 * 977), 1U);
  EXPECT_EQ(words.count(1'000 * 977), 0U);
  words.clear();
  EXPECT_TRUE(words.empty());
  EXPECT_EQ(words.count(977), 0U);
  // Behind a long text come short ones.
  EXPECT_EQ(words.places(), 2'048U);
  for (const std::size_t places : {1'024U, 512U, 256U, 256U}) {
    for (std::size_t i = 0; i < 20; ++i) words.add(i, 1'000);
    EXPECT_EQ(words.count(19), 1U);
    words.clear();
    EXPECT_EQ(words.places(), places);
    EXPECT_EQ(words.count(19), 0U);
  }
}

TEST(SaRuns, CharactersOfHtml) {
  Random random(13);
  const Pieces pieces{"\r\n", "\n",  "\r", "<b>", "text", "\xc3\xa4", "\xf0\x9f\x98\x80",
                      " ",    "\r\r"};
  UriList uris;
  for (int round = 0; round < 2'000; ++round) {
    const std::string text = random_text(random, pieces);
    std::size_t characters = 0;
    std::size_t shown = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool begins = (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
      const bool second = text[i] == '\n' && i > 0 && text[i - 1] == '\r';
      characters += begins && !second ? 1 : 0;
      shown += begins && static_cast<unsigned char>(text[i]) > ' ' ? 1 : 0;
    }
    HtmlEvidence evidence;
    evidence.begin();
    evidence.begin_part(uris);
    feed_in_chunks(random, text, true, [&](ByteView piece) {
      evidence.count_sent(piece);
      evidence.count_shown(piece);
    });
    ASSERT_EQ(evidence.parts()[0].characters, characters) << testing::PrintToString(text);
    ASSERT_EQ(evidence.parts()[0].shown_characters, shown) << testing::PrintToString(text);
  }
}

TEST(SaRuns, TextsOnce) {
  Random random(14);
  UniqueTexts texts;
  for (int round = 0; round < 20; ++round) {
    std::set<std::string> slow;
    std::vector<std::string> order;
    for (int i = 0; i < 300; ++i) {
      const std::string text =
          std::to_string(random.below(200)) + std::string(random.below(3), 'x');
      ASSERT_EQ(texts.contains(text), slow.contains(text));
      const bool fresh = slow.insert(text).second;
      ASSERT_EQ(texts.add(text), fresh);
      if (fresh) order.push_back(text);
    }
    ASSERT_EQ(texts.texts().size(), order.size());
    for (std::size_t i = 0; i < order.size(); ++i) ASSERT_EQ(texts.texts()[i], order[i]);
    texts.clear();
    EXPECT_TRUE(texts.texts().empty());
    EXPECT_FALSE(texts.contains(order.front()));
  }
}

TEST(SaRuns, TheLastTextGrowsToItsLimit) {
  TextList texts;
  texts.add("one");
  texts.add({});
  texts.append("two", 5);
  texts.append("three", 5);
  texts.append("four", 5);
  EXPECT_EQ(texts[0], "one");
  EXPECT_EQ(texts.back(), "twoth");
  EXPECT_EQ(texts.bytes(), 8U);
}

TEST(ShortText, TellsTextsOfOneSizeApart) {
  Random random(17);
  for (int round = 0; round < 20'000; ++round) {
    std::string a(1 + random.below(kShortTextBytes), 'a');
    std::string b = a;
    for (std::string* text : {&a, &b})
      (*text)[random.below(text->size())] = random.chance(0.5) ? 'b' : 'a';
    const std::vector<char> exact_a(a.begin(), a.end()), exact_b(b.begin(), b.end());
    const auto of = [](const std::vector<char>& text) {
      return ShortText::of({text.data(), text.size()});
    };
    ASSERT_EQ(of(exact_a) == of(exact_b), a == b) << a << ' ' << b;
  }
  EXPECT_EQ(ShortText::of({}), ShortText{});
}

TEST(HtmlNames, AreFoundByTheirText) {
  for (std::size_t i = 1; i < html::kNames.size(); ++i)
    EXPECT_EQ(static_cast<std::size_t>(html::name_of(html::kNames[i])), i) << html::kNames[i];
  for (const std::string_view other : {"", "z", "Href", "hre", "hreff", "o:p", "!doctype"})
    EXPECT_EQ(html::name_of(other), html::Name::other) << other;
}

// Hashes that somebody chose, alike in all but their upper octets.
TEST(SaScatter, HashesThatAreAlikeHavePlacesOfTheirOwn) {
  Random random(1);
  std::set<std::size_t> places;
  for (int i = 0; i < 1'000; ++i)
    places.insert(scattered(std::uint64_t{random.below(1U << 31)} << 32 | 4711, 4'096));
  EXPECT_LT(*places.rbegin(), 4'096u);
  EXPECT_GT(places.size(), 300u);
}

}  // namespace
}  // namespace sluice::scan::sa
