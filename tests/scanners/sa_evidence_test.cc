// What is gathered for functions: lists, mail addresses in text, forms of links, sizes of images,
// and the bounds of it all.
#include <gtest/gtest.h>

#include "scanners/spamassassin/evals/comparison.h"
#include "scanners/spamassassin/evidence/html_evidence.h"
#include "scanners/spamassassin/evidence/html_ink.h"
#include "scanners/spamassassin/evidence/image_evidence.h"
#include "scanners/spamassassin/evidence/listed_hosts.h"
#include "scanners/spamassassin/evidence/mail_addresses.h"
#include "scanners/spamassassin/evidence/mime_evidence.h"
#include "scanners/spamassassin/evidence/uri_list.h"
#include "scanners/spamassassin/lists.h"

namespace sluice::scan::sa {
namespace {

TEST(SaLists, Globs) {
  EXPECT_TRUE(matches_glob("joe@example.com", "*@example.com"));
  EXPECT_TRUE(matches_glob("abcabd", "*ab?"));
  EXPECT_TRUE(matches_glob("", "**"));
  EXPECT_FALSE(matches_glob("joe@example.com.evil", "*@example.com"));
  EXPECT_FALSE(matches_glob("a", "??"));
  // What takes a naive matcher hours.
  EXPECT_FALSE(matches_glob(std::string(300, 'a'), "*a*a*a*a*a*a*a*a*a*a*a*b"));
}

TEST(SaLists, FromSettings) {
  config::Problems problems;
  const Lists lists(
      parse_rule_book("enlist_addrlist (BANK) *@bank.example Joe@Example.com\n"
                      "blacklist_from *@evil.example\n"
                      "freemail_domains free.example *.many.example\n"
                      "freemail_whitelist boss@free.example\n",
                      "t.cf", problems));
  EXPECT_TRUE(lists.addresses("BANK").contains("x@BANK.example"));
  EXPECT_TRUE(lists.addresses("BANK").contains("joe@example.com"));
  EXPECT_FALSE(lists.addresses("NONE").contains("joe@example.com"));
  EXPECT_TRUE(lists.addresses("blocklist_from").contains("x@evil.example"));
  EXPECT_TRUE(lists.is_freemail("joe@free.example"));
  EXPECT_TRUE(lists.is_freemail("joe@so.many.example"));
  EXPECT_FALSE(lists.is_freemail("joe@so.very.many.example"));
  EXPECT_FALSE(lists.is_freemail("boss@free.example"));
  EXPECT_FALSE(lists.is_freemail("postmaster@free.example"));
  EXPECT_FALSE(lists.is_freemail(""));
}

TEST(SaLists, HostsAreLookedUpInAllListsAtOnce) {
  config::Problems problems;
  const Lists lists(
      parse_rule_book("enlist_uri_host (SHORT) short.example !good.short.example twice.example\n"
                      "enlist_uri_host (OTHER) good.short.example !twice.example\n"
                      "enlist_uri_host (OTHER) twice.example\n"
                      "blacklist_uri_host bad.example\n",
                      "t.cf", problems));
  // In which lists the hosts of a message are, all in one text.
  const auto listed = [&](std::initializer_list<const char*> hosts) {
    ListedHosts found;
    found.begin(lists);
    for (const char* host : hosts) found.add(lists, host);
    std::string names;
    for (const char* name : {"SHORT", "OTHER", "BLOCK"})
      if (found.any_in(lists.host_list(name).value())) names += name;
    return names;
  };
  EXPECT_EQ(listed({}), "");
  EXPECT_EQ(listed({"www.short.example"}), "SHORT");
  EXPECT_EQ(listed({"short.example"}), "SHORT");
  EXPECT_EQ(listed({"a.good.short.example"}), "OTHER");
  EXPECT_EQ(listed({"a.good.short.example", "b.short.example"}), "SHORTOTHER");
  EXPECT_EQ(listed({"tshort.example", "example", ""}), "");
  EXPECT_EQ(listed({"twice.example", "www.bad.example"}), "SHORTOTHERBLOCK");
  EXPECT_FALSE(lists.host_list("NONE"));
}

std::vector<std::string> addresses_in(std::string_view text) {
  std::vector<std::string> found;
  find_mail_addresses(text, 3, found);
  return found;
}

TEST(SaMailAddresses, InText) {
  using Found = std::vector<std::string>;
  EXPECT_EQ(addresses_in("write to Joe.Doe@Example.COM, or ann@example.org."),
            (Found{"joe.doe@example.com", "ann@example.org"}));
  EXPECT_EQ(addresses_in("a@b c@d.nosuchtld .@example.com @example.com x@-a.com"), Found{});
  EXPECT_EQ(addresses_in("http://x.com/?to=joe@example.com <ann@example.org> said"), Found{});
  EXPECT_EQ(addresses_in("a@b.com,HttpS://x.com/joe@example.com,@ann@c.com x@d.com"),
            (Found{"a@b.com", "x@d.com"}));
  EXPECT_EQ(addresses_in("a@x.com b@x.com c@x.com d@x.com").size(), 3U);
}

std::vector<std::string> forms_of_link(std::string_view target, std::string_view base = {}) {
  UriList list;
  list.add_link(target, base);
  std::vector<std::string> forms;
  for (std::size_t i = 0; i < list.forms().size(); ++i) forms.emplace_back(list.forms()[i]);
  return forms;
}

TEST(SaUriList, FormsOfALink) {
  using Forms = std::vector<std::string>;
  EXPECT_EQ(forms_of_link("http://www.example.com/a"), Forms{"http://www.example.com/a"});
  EXPECT_EQ(forms_of_link(" HTTP:\\\\example.com "),
            (Forms{"HTTP:\\\\example.com", "HTTP://example.com"}));
  EXPECT_EQ(forms_of_link("http://example.com?x"),
            (Forms{"http://example.com?x", "http://example.com/?x"}));
  EXPECT_EQ(forms_of_link("http://example.com/%41%20"),
            (Forms{"http://example.com/%41%20", "http://example.com/A%20"}));
  EXPECT_EQ(forms_of_link("pic.gif"), (Forms{"pic.gif", "http://pic.gif"}));
  EXPECT_EQ(forms_of_link("pic.gif", "http://example.com/dir/"),
            Forms{"http://example.com/dir/pic.gif"});
  EXPECT_EQ(forms_of_link("/pic.gif", "http://example.com/dir/"),
            Forms{"http://example.com/pic.gif"});
  EXPECT_EQ(forms_of_link("mailto:a@example.com?subject=x"),
            (Forms{"mailto:a@example.com?subject=x", "mailto:a@example.com"}));
  EXPECT_EQ(forms_of_link("http://r.example/?u=http://evil.example/x"),
            (Forms{"http://r.example/?u=http://evil.example/x", "http://evil.example/x"}));
  EXPECT_EQ(forms_of_link("http://2130706433/"),
            (Forms{"http://2130706433/", "http://127.0.0.1/"}));
  EXPECT_TRUE(forms_of_link("#top").empty());
  EXPECT_TRUE(forms_of_link("/top").empty());
}

TEST(SaUriList, IsBounded) {
  UriList list;
  for (std::size_t i = 0; i < 2 * kUriFormsMax; ++i)
    list.add_text("http://h" + std::to_string(i) + ".example/");
  EXPECT_EQ(list.forms().size(), kUriFormsMax);
  list.clear();
  for (int i = 0; i < 1'000; ++i)
    list.add_link("http://example.com/" + std::to_string(i) + std::string(10'000, 'x'), {});
  EXPECT_LE(list.forms().size() * kUriWrittenMax, kUriListBytesMax + kUriWrittenMax);
}

TEST(SaHtmlInk, Colours) {
  EXPECT_EQ(html_color("Red"), 0xff0000);
  EXPECT_EQ(html_color(" LightGoldenrodYellow"), 0xfafad2);
  EXPECT_EQ(html_color("#abc"), 0xaabbcc);
  EXPECT_EQ(html_color("#ABCD"), 0xaabbcc);
  EXPECT_EQ(html_color("#a"), 0xaa0000);
  EXPECT_EQ(html_color("#1234567"), 0x123456);
  EXPECT_EQ(html_color("#"), kNoColor);
  EXPECT_EQ(html_color("rgb(1, 2,300)"), 0x0102ff);
  EXPECT_EQ(html_color("RGB(50%, 0%, 100%)"), 0x7f00ff);
  EXPECT_EQ(html_color("#rgb(1,2,3)"), 0x010203);
  EXPECT_EQ(html_color("rgb(1,2,3"), kInvalidColor);
  EXPECT_EQ(html_color("abcdef"), kInvalidColor);
  EXPECT_EQ(html_color("nonsense"), kInvalidColor);
  EXPECT_EQ(html_color(""), kInvalidColor);
  EXPECT_EQ(ink_of(0xffffff, 0xfefefe), Ink::low);
  EXPECT_EQ(ink_of(0x000000, 0xffffff), Ink::readable);
  EXPECT_EQ(ink_of(kInvalidColor, 0xffffff), Ink::unknown);
  EXPECT_EQ(ink_of(kNoColor, 0xffffff), Ink::readable);
}

HtmlColor background(std::string_view value) {
  HtmlColor color = 7;
  set_background(value, color);
  return color;
}

TEST(SaHtmlInk, OfStyles) {
  EXPECT_EQ(background("url(a, red b) , 'x, blue' Green"), 0x008000);
  EXPECT_EQ(background("red, none"), 7);
  EXPECT_EQ(background("no-repeat rgb(1,2,3) red"), 0x010203);
  HtmlColor color = 7;
  set_color("Inherit", color);
  EXPECT_EQ(color, 7);
  set_color("white ! important", color);
  EXPECT_EQ(color, 0xffffff);
  set_color("Transparent", color);
  EXPECT_EQ(color, kTransparent);
}

TEST(SaHtmlEvidence, IsBounded) {
  HtmlEvidence evidence;
  UriList uris;
  evidence.begin();
  html::Tokenizer tokenizer;
  tokenizer.begin();
  html::TokenSink* sink = evidence.begin_part(uris);
  ASSERT_NE(sink, nullptr);
  for (int i = 0; i < 3'000; ++i) {
    const std::string text = "<x" + std::to_string(i) + "><font size=7><a href=http://h" +
                             std::to_string(i) + ".com>" + std::string(600, 'y') + "<!-- c -->";
    tokenizer.feed(as_bytes(text), *sink);
  }
  const HtmlFacts& facts = evidence.parts().front();
  EXPECT_EQ(facts.inside.size(), kHtmlElementsMax);
  EXPECT_EQ(facts.anchor_texts.size(), kHtmlTextsMax);
  EXPECT_EQ(facts.comments.size(), kHtmlTextsMax);
  EXPECT_LE(facts.anchor_texts.back().size(), kHtmlTextBytes);
  EXPECT_EQ(facts.tags, 9'000U);
  for (std::size_t i = 1; i < kHtmlPartsMax; ++i) EXPECT_NE(evidence.begin_part(uris), nullptr);
  EXPECT_EQ(evidence.begin_part(uris), nullptr);
}

std::uint64_t pixels_of(std::string_view type, std::string_view octets, std::size_t chunk) {
  ImageEvidence evidence;
  mime::Part part;
  part.type = type;
  part.encoding = mime::TransferEncoding::base64;
  evidence.begin();
  evidence.part_begin(part);
  for (; !octets.empty(); octets.remove_prefix(std::min(chunk, octets.size())))
    evidence.part_bytes(as_bytes(octets.substr(0, chunk)));
  std::uint64_t sum = 0;
  for (const std::uint64_t pixels : evidence.facts().pixels) sum += pixels;
  return sum;
}

TEST(SaImageEvidence, SizesWhateverTheChunks) {
  using namespace std::string_view_literals;
  for (const std::size_t chunk : {1UL, 3UL, 100UL}) {
    EXPECT_EQ(pixels_of("image/gif", "GIF89a\x03\0\x02\0\0\0"sv, chunk), 6U);
    EXPECT_EQ(
        pixels_of("image/png", "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x05\0\0\0\x07"sv, chunk),
        35U);
    EXPECT_EQ(pixels_of("image/jpeg", "\xff\xd8\xff\xe0\0\x05zzz\xff\xc0\0\x11\x08\0\x03\0\x04z"sv,
                        chunk),
              12U);
    EXPECT_EQ(pixels_of("image/jpeg", "\xff\xd8\xff\xe0\0\x01zzz\xff\xc0\0\x11"sv, chunk), 0U);
    EXPECT_EQ(pixels_of("image/gif", "GIF88a\x03\0\x02\0\0\0"sv, chunk), 0U);
  }
}

TEST(SaComparison, OfFigures) {
  EXPECT_TRUE(compares(3, "< 384"));
  EXPECT_TRUE(compares(1, "!= 0"));
  EXPECT_FALSE(compares(0, "!= 0"));
  EXPECT_FALSE(compares(3, "nonsense"));
  EXPECT_FALSE(compares(std::numeric_limits<double>::quiet_NaN(), "!= 0"));
}

}  // namespace
}  // namespace sluice::scan::sa
