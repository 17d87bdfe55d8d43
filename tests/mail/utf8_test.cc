#include "engine/mail/utf8.h"

#include <gtest/gtest.h>

namespace sluice::mail {

TEST(Utf8, AcceptsTheBordersOfEveryLength) {
  for (const char* text : {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(text)) << text;
}

TEST(Utf8, RefusesOverlongSurrogateStrayAndCutSequences) {
  for (const char* text :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2x", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xfe"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

TEST(Utf8, AsciiIsWhatHasNoHighOctet) {
  EXPECT_TRUE(is_ascii("plain"));
  EXPECT_FALSE(is_ascii("pl\xc3\xa4in"));
}

}  // namespace sluice::mail
