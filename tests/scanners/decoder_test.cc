#include <gtest/gtest.h>

#include <memory>

#include "scanners/mime/charset_decoder.h"
#include "scanners/mime/encoded_word.h"
#include "scanners/mime/transfer_decoder.h"

namespace sluice::scan::mime {
namespace {

class Collector final : public TextSink {
 public:
  void text(ByteView utf8) noexcept override {
    all += as_text(utf8);
    ++calls;
  }
  std::string all;
  std::size_t calls = 0;
};

class Decoding {
 public:
  std::string decode(TransferEncoding encoding, std::string_view charset, std::string_view text,
                     std::size_t cut = 0) {
    Collector collector;
    TransferDecoder transfer;
    CharsetDecoder decoder;
    transfer.begin(encoding);
    decoder.begin(charset);
    const auto take = [&](ByteView octets) { decoder.feed(octets, *workspace_, collector); };
    for (const auto piece : {text.substr(0, cut), text.substr(cut)})
      transfer.feed(as_bytes(piece), workspace_->decoded, take);
    transfer.finish(workspace_->decoded, take);
    decoder.finish(*workspace_, collector);
    return collector.all;
  }
  std::string field(std::string_view value) {
    return std::string(decode_field(value, *workspace_));
  }

 private:
  std::unique_ptr<Workspace> workspace_ = std::make_unique<Workspace>();
};

struct Row {
  TransferEncoding encoding;
  std::string charset;
  std::string text;
  std::string expected;
};

void expect_rows(const std::vector<Row>& rows) {
  Decoding decoding;
  for (const Row& row : rows)
    for (std::size_t cut = 0; cut <= row.text.size(); ++cut)
      ASSERT_EQ(decoding.decode(row.encoding, row.charset, row.text, cut), row.expected)
          << row.charset << " " << row.text << " cut at " << cut;
}

// Without a label: what is no UTF-8 is Windows-1252, and hundreds of octets are told at once.
TEST(TextDecoder, TellsManyOctetsOfAnotherCharsetTogether) {
  const auto workspace = std::make_unique<Workspace>();
  std::string text;
  std::string expected;
  for (int line = 0; line < 400; ++line) {
    text += "\xfc\xe4 \xe2\x82\xac \xe2\x82x" + std::string(line, 'a') + "\n";
    expected += "üä € â‚x" + std::string(line, 'a') + "\n";
  }
  for (const std::size_t chunk :
       {std::size_t{1}, std::size_t{7}, std::size_t{5'000}, text.size()}) {
    Collector collector;
    CharsetDecoder decoder;
    decoder.begin("");
    for (std::size_t at = 0; at < text.size(); at += chunk)
      decoder.feed(as_bytes(std::string_view(text).substr(at, chunk)), *workspace, collector);
    decoder.finish(*workspace, collector);
    EXPECT_EQ(collector.all, expected);
    EXPECT_TRUE(chunk < text.size() || collector.calls < text.size() / 200) << collector.calls;
  }
}

TEST(TextDecoder, DecodesBase64CutAnywhere) {
  const auto kind = TransferEncoding::base64;
  expect_rows({{kind, "", "", ""},
               {kind, "", "Zg==", "f"},
               {kind, "", "Zm8=", "fo"},
               {kind, "", "Zm9vYmFy", "foobar"},
               {kind, "", "Zm9v\r\nYm\r\nFy\r\n", "foobar"},
               {kind, "", "Zm 9v!Y*m-F_y", "foobar"},
               {kind, "", "Zg==Zm8=Zm9v", "ffofoo"},
               {kind, "", "Zm9vY", "foo"},
               {kind, "", "Zm9vYg", "foob"},
               {kind, "", "=Zm9v", "foo"}});
}

TEST(TextDecoder, DecodesQuotedPrintableCutAnywhere) {
  const auto kind = TransferEncoding::quoted_printable;
  expect_rows({{kind, "", "a=3Db=3db", "a=b=b"},
               {kind, "", "soft=\r\nbreak=\nand= \t\r\npadded", "softbreakandpadded"},
               {kind, "", "bad =ZZ =4Z ==41 =", "bad =ZZ =4Z =A ="},
               {kind, "", "end =4", "end =4"},
               {kind, "", "line\r\nline\r\n", "line\r\nline\r\n"}});
}

TEST(TextDecoder, ConvertsCharsetsCutAnywhere) {
  const auto plain = TransferEncoding::identity;
  expect_rows({{plain, "iso-8859-1",
                "Gr\xfc\xdf"
                "e \x80",
                "Grüße €"},
               {plain, "ISO_8859-15", "\xa4", "€"},
               {plain, "koi8-r", "\xf0\xf2", "ПР"},
               {plain, "gb2312", "\xd6\xd0 a \xce\xc4", "中 a 文"},
               {plain, "big5", "\xa4\xa4", "中"},
               {plain, "shift_jis", "\x93\xfa\\", "日\\"},
               {plain, "euc-kr", "\xc7\xd1", "한"},
               {plain, "iso-2022-jp", "a \x1b$B$\"\x1b(B\r\n\x1b$B$\"\x1b(B", "a あ\r\nあ"},
               {plain, "utf-7", "1 +AKM- 2", "1 £ 2"},
               {plain, "utf-16",
                std::string("\xfe\xff\x20\xac\x00"
                            "a",
                            6),
                "\uFEFF€a"},
               {plain, "utf-8", "caf\xc3\xa9 \xff \xc3", "café ÿ Ã"},
               {plain, "x-unknown", "\x80\xff", "€ÿ"},
               {plain, "us-ascii", "\xe2\x82\xac \xe2\x82", "€ â‚"},
               {plain, "iso-8859-1", "gr\xc3\xbc\xc3\x9f", "grüß"},
               {plain, "koi8-r", "\xd0\x9f\xd0\xa0", "ПР"},
               {plain, "utf-16", std::string("a\0b\0", 4), "ab"},
               {plain, "utf-16", std::string("\0a\0b", 4), "ab"},
               {plain, "gbk",
                "a\xff\xff"
                "b\xd6",
                "a\uFFFD\uFFFD"
                "b\uFFFD"}});
}

TEST(TextDecoder, ConvertsTheSameTextForAnyChunks) {
  std::string text;
  for (int i = 0; i < 3'000; ++i) text += i % 7 == 0 ? "\xd6\xd0" : i % 11 == 0 ? "\xff" : "x";
  Decoding decoding;
  const std::string whole = decoding.decode(TransferEncoding::identity, "gb18030", text);
  for (std::size_t cut = 1; cut < text.size(); cut += 13)
    ASSERT_EQ(decoding.decode(TransferEncoding::identity, "gb18030", text, cut), whole) << cut;
}

TEST(TextDecoder, KeepsACharacterThatTheBufferCutsInTwo) {
  Decoding decoding;
  for (const std::size_t shift : {0, 1}) {
    std::string text(shift, 'x');
    std::string expected = text;
    for (std::size_t i = 0; i < 2 * kConvertBytes; ++i) {
      text += "\xd6\xd0";
      expected += "中";
    }
    EXPECT_EQ(decoding.decode(TransferEncoding::identity, "gbk", text), expected);
  }
}

std::string repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// UTF-16 in the base64 of UTF-7 (RFC 2152).
std::string utf7_of(std::string_view utf16) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text = "+";
  unsigned bits = 0;
  int held = 0;
  for (const char octet : utf16) {
    bits = bits << 8 | static_cast<std::uint8_t>(octet);
    for (held += 8; held >= 6; held -= 6) text += kAlphabet[bits >> (held - 6) & 63];
  }
  if (held > 0) text += kAlphabet[bits << (6 - held) & 63];
  return text + "-";
}

// Lines longer than what is converted at once.
TEST(TextDecoder, KeepsTheShiftOfALongLine) {
  const std::string far = utf7_of(repeat({"\x30\x42\xd8\x3d\xde\x00\x30\x42\x30\x42", 10}, 600));
  const struct {
    const char* charset;
    std::string text;
    std::string meant;
  } rows[] = {
      {"iso-2022-jp", "\x1b$B" + repeat("$\"", 3'000) + "\x1b(B", repeat("あ", 3'000)},
      {"iso-2022-jp", repeat("a\x1b$B$\"\x1b(J\x5c\x1b(B", 900), repeat("aあ¥", 900)},
      {"iso-2022-jp", repeat("plain ", 900) + "\x1b$B$\"\x1b(B", repeat("plain ", 900) + "あ"},
      {"iso-2022-jp-2", "\x1b$(D" + repeat("\x30\x21", 3'000) + "\x1b(B", repeat("丂", 3'000)},
      {"iso-2022-jp-2", "\x1b.A" + repeat("\x1bN\x69 a", 900), repeat("é a", 900)},
      {"iso-2022-kr", "\x1b$)C\n\x0e" + repeat("0!", 3'000) + "\x0f", "\n" + repeat("가", 3'000)},
      {"iso-2022-kr",
       "\x1b$)C\n" + repeat("\x0e"
                            "0!\x0f ",
                            900),
       "\n" + repeat("가 ", 900)},
      {"utf-7", utf7_of(repeat("\x30\x42", 3'000)), repeat("あ", 3'000)},
      {"utf-7", far, repeat("あ😀ああ", 600)},
      {"utf-7", repeat("+MEI-a+AKM 1+-", 900), repeat("あa£ 1+", 900)},
  };
  Decoding decoding;
  for (const auto& row : rows)
    for (std::size_t shift = 0; shift < 9; ++shift) {
      SCOPED_TRACE(row.charset + std::to_string(shift) + row.text.substr(0, 8));
      const std::string before(shift, 'x');
      const std::string text = before + row.text + "z\r\n";
      const std::string meant = before + row.meant + "z\r\n";
      EXPECT_EQ(decoding.decode(TransferEncoding::identity, row.charset, text), meant);
      EXPECT_EQ(decoding.decode(TransferEncoding::identity, row.charset, text, 1'500), meant);
    }
}

TEST(TextDecoder, GivesUpOnACharsetThatIsALie) {
  Decoding decoding;
  const std::string text(100'000, '\xff');
  const std::string out = decoding.decode(TransferEncoding::identity, "gb18030", text);
  EXPECT_TRUE(out.starts_with("\uFFFD"));
  EXPECT_TRUE(out.ends_with("ÿÿÿ"));
  EXPECT_LT(out.size(), 2 * text.size() + 3 * 3'000);
}

TEST(EncodedWord, DecodesWordsAndKeepsTheRest) {
  Decoding decoding;
  EXPECT_EQ(decoding.field("plain"), "plain");
  EXPECT_EQ(decoding.field("=?utf-8?B?R3LDvMOfZQ==?="), "Grüße");
  EXPECT_EQ(decoding.field("=?utf-8?Q?=47r=C3=BC_x?= y"), "Grü x y");
  EXPECT_EQ(decoding.field("=?iso-8859-1*de?q?=FC?="), "ü");
  EXPECT_EQ(decoding.field("a =?utf-8?q?b?=  \t=?utf-8?q?c?= d"), "a bc d");
  EXPECT_EQ(decoding.field("(=?us-ascii?q?x?=)"), "(x)");
}

TEST(EncodedWord, JoinsACharacterCutBetweenTwoWords) {
  Decoding decoding;
  EXPECT_EQ(decoding.field("=?gb2312?B?1g==?= =?gb2312?B?0A==?="), "中");
}

TEST(EncodedWord, LeavesWhatIsNoWord) {
  Decoding decoding;
  for (const char* text :
       {"=?", "=??q?x?=", "=?utf-8?x?y?=", "=?utf-8?q?open", "=?a b?q?x?=", "=?u?q"})
    EXPECT_EQ(decoding.field(text), text);
}

TEST(EncodedWord, NeverMakesALineOfItsOwn) {
  Decoding decoding;
  EXPECT_EQ(decoding.field("=?utf-8?q?a=0D=0AX-Evil:_1=00?="), "a  X-Evil: 1 ");
}

TEST(EncodedWord, FitsItsBufferWhateverThePiece) {
  Decoding decoding;
  const std::string full = "=?koi8-r?q?" + std::string(kFieldPieceBytes - 13, '\xc1') + "?=";
  EXPECT_EQ(decoding.field(full).size(), 2 * (kFieldPieceBytes - 13));
  std::string openings;
  while (openings.size() + 7 < kFieldPieceBytes) openings += "=?a?q?x";
  EXPECT_EQ(decoding.field(openings), openings);
}

}  // namespace
}  // namespace sluice::scan::mime
