// HTML as a person sees it: what is visible, what is hidden, where lines break, where links lead.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "scanners/html/html_text.h"

namespace sluice::scan::html {
namespace {

class Rendering final : private HtmlSink {
 public:
  explicit Rendering(std::string_view html, std::size_t chunk = SIZE_MAX) {
    auto text = std::make_unique<HtmlText>();
    text->begin();
    for (; !html.empty(); html.remove_prefix(std::min(chunk, html.size())))
      text->feed(as_bytes(html.substr(0, chunk)), *this);
    text->finish(*this);
  }
  std::string visible;
  std::string hidden;
  std::string links;

 private:
  void rendered(ByteView utf8, bool is_visible) noexcept override {
    (is_visible ? visible : hidden) += as_text(utf8);
  }
  void link(const Link& link) noexcept override {
    links +=
        std::string(link.target) + "(" + std::string(link.shown) + (link.hidden ? "!" : "") + ")";
  }
};

struct Row {
  std::string html;
  std::string visible;
  std::string hidden = {};
  std::string links = {};
};

void expect_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows)
    for (const std::size_t chunk : {SIZE_MAX, std::size_t{1}, std::size_t{3}}) {
      const Rendering rendering(row.html, chunk);
      EXPECT_EQ(rendering.visible, row.visible) << row.html << " in chunks of " << chunk;
      EXPECT_EQ(rendering.hidden, row.hidden) << row.html << " in chunks of " << chunk;
      EXPECT_EQ(rendering.links, row.links) << row.html << " in chunks of " << chunk;
    }
}

TEST(Html, IsRenderedWithItsLineBreaks) {
  expect_rows({{"plain text", "plain text"},
               {"<b>bo</b>ld", "bold"},
               {"a <br> b", "a\nb"},
               {"<p>one</p><p>two", "\n\none\n\n\n\ntwo"},
               {"<td>a<td>b", " a b"},
               {"a \n\t b", "a b"},
               {"<div>x</div>", "\nx\n"}});
}

TEST(Html, ResolvesCharacterReferences) {
  expect_rows({{"&lt;&amp;&gt;&quot;", "<&>\""},
               {"&#65;&#x42;&#0067", "ABC"},
               {"&euro;&euro", "€&euro"},
               {"&copy2&notit;", "©2¬it;"},
               {"&thetasym;&thetasym&frac12x&notinva", "ϑ&thetasym½x¬inva"},
               {"&#128;&#0;&#xd800;&#99999999999;", "€\uFFFD\uFFFD\uFFFD"},
               {"a&nbsp;&nbsp;b", "a b"},
               {"& &; &x", "& &; &x"},
               {"&CounterClockwiseContourIntegral;", "∳"},
               {"<a href='/?a&copy=1&amp;b&lt;'>x</a>", "x", "", "/?a&copy=1&b<(x)"}});
}

TEST(Html, PassesOverWhatIsNoText) {
  expect_rows({{"a<!-- b -- c --->d", "ad"},
               {"a<!-->b<!--->c", "abc"},
               {"a<!-- x --!>b", "ab"},
               {"a<!doctype html>b<?php x?>c</ x>d", "abcd"},
               {"a<script>if (a<b) '</b>'</script>b", "ab"},
               {"a<style><!-- x </style>b", "ab"},
               {"<textarea><b></textarea>", "<b>"},
               {"a < b <3 </", "a < b <3 "},
               {"vi<!-- x -->agra vi<x>agra", "viagra viagra"},
               {"a<b title='>' x=\">\">c", "ac"},
               {"a<unclosed tag", "a"}});
}

TEST(Html, TellsWhatIsHidden) {
  expect_rows(
      {{"a<span style='display:none'>b<i>c</i></span>d", "ad", "bc"},
       {"a<div style='DISPLAY : None !important'><div>b</div>c</div>d", "a\n\n\n\nd", "bc"},
       {"<font color=#ffffff>a</font>b", "b", "a"},
       {"<body bgcolor=black text=black>a</body><font color=white>b</font>", "b", "a"},
       {"<span style='color:#fefefe'>a</span>b", "b", "a"},
       {"<span style='color:rgb(255,255,254)'>a</span>b", "b", "a"},
       {"<span style='background:red;color:red'>a</span>b", "b", "a"},
       {"<span style='font-size:0px'>a</span><span style='font-size:1px'>b</span>c", "c", "ab"},
       {"<font size=1>a</font><font size='-3'>b</font>c", "c", "ab"},
       {"<font size=nan>a</font><font size=inf>b</font><font size=+nan(0)>c</font>", "abc"},
       {"<span style='opacity:nan;font-size:nan'>a</span>b", "ab"},
       {"<span style='visibility:hidden'>a</span>b", "b", "a"},
       {"<span style='opacity:0'>a</span>b", "b", "a"},
       {"<span style='max-height:0;overflow:hidden'>a</span>b", "b", "a"},
       {"<span hidden>a</span>b", "b", "a"},
       {"<span style='mso-hide:all'>a</span>b", "b", "a"},
       {"<p style='display:none'>a<p>b", "\n\n\n\nb", "a"}});
}

TEST(Html, TellsWhereLinksLead) {
  expect_rows(
      {{"<a href=http://a.example/>click <b>here</b></a>", "click here", "",
        "http://a.example/(click here)"},
       {"<A HREF=' x '>1<a href=\"y\">2</a>3", "123", "", "x(1)y(2)"},
       {"<a href=x><span style='display:none'>h</span></a>", "", "h", "x(!)"},
       {"<img src=i><form action=f><area href=r><body background=b>", "", "", "i()f()r()b()"},
       {"<meta http-equiv=Refresh content=\"0; URL='u'\">", "", "", "u()"},
       {"<a href=x>open", "open", "", "x(open)"}});
}

TEST(Html, StaysWithinItsMemory) {
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "<div style='color:red'>";
  EXPECT_TRUE(Rendering(deep + "x").visible.ends_with("x"));
  const std::string attributes =
      "<a " + std::string(100'000, 'x') + "=" + std::string(100'000, 'y') + " href=z>t</a>";
  EXPECT_EQ(Rendering(attributes).visible, "t");
  EXPECT_EQ(Rendering("&" + std::string(100'000, 'a')).visible.size(), 100'001u);
  EXPECT_EQ(Rendering("<a href=" + std::string(100'000, 'a') + ">t</a>").links.size(),
            kAttributeBytes + 3);
}

}  // namespace
}  // namespace sluice::scan::html
