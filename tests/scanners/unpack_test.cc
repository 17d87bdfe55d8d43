// What is found inside files: archives in archives, documents with programs, and what keeps within
// its limits.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "scanners/attachment/unpacker.h"
#include "scanners/attachment/vba.h"
#include "tests/scanners/made_files.h"

namespace sluice::scan::attachment {
namespace {

using namespace std::literals;
using test::archive_of;
using test::compound_of;
using test::compressed;
using test::eicar;
using test::little;
using test::zip_of;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

std::string program() {
  std::string head(64, '\0');
  head.replace(0, 2, "MZ");
  head[60] = 64;
  return head + "PE\0\0 and so on"s;
}

std::vector<std::string_view> names(const Report& report) {
  std::vector<std::string_view> found;
  for (std::size_t i = 0; i < kFindings; ++i)
    if (report.findings.has(static_cast<Finding>(i)))
      found.push_back(rule_name(static_cast<Finding>(i)));
  return found;
}

std::vector<std::string_view> in_file(std::string_view name, const std::string& octets,
                                      const UnpackLimits& limits = {}) {
  const AttachmentRules rules;
  return names(Unpacker(limits).examine_file(name, as_bytes(octets), rules));
}

std::vector<std::string_view> in_message(const std::string& message,
                                         const UnpackLimits& limits = {}) {
  const AttachmentRules rules;
  const ByteView octets = as_bytes(message);
  return names(Unpacker(limits).examine({&octets, 1}, rules));
}

std::string attached(std::string_view name, std::string_view type, std::string_view octets) {
  return fmt::format(
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n"
      "--b\r\nContent-Type: {}; name=\"{}\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n"
      "--b--\r\n",
      type, name, octets);
}

TEST(Unpacking, EveryKindOfArchiveIsOpened) {
  for (const char* format : {"zip", "7zip", "pax", "newc", "iso9660", "bsdtar"})
    EXPECT_THAT(in_file("", archive_of(format, {{"A.TXT", program()}})),
                ElementsAre("ATTACH_PROGRAM", "ATTACH_MISMATCH"))
        << format;
  for (const char* filter : {"gzip", "bzip2", "xz", "zstd", "lz4", "compress"}) {
    EXPECT_THAT(in_file("", compressed(filter, program())), ElementsAre("ATTACH_PROGRAM"))
        << filter;
    EXPECT_THAT(in_file("", archive_of("pax", {{"a.exe", "x"}}, filter)),
                ElementsAre("ATTACH_RUNS"))
        << filter;
  }
}

TEST(Unpacking, ArchivesInArchivesInMessagesInArchives) {
  const std::string zip = zip_of("b.zip", zip_of("blocked.exe", program()));
  const std::string mail = attached("a.zip", "application/zip", zip);
  const std::string outer = zip_of("inner.eml", "Content-Type: message/rfc822\r\n\r\n" + mail);
  EXPECT_THAT(in_file("outer.zip", outer), ElementsAre("ATTACH_PROGRAM", "ATTACH_RUNS"));
}

TEST(Unpacking, TheOperatorsRulesReachIntoArchives) {
  const std::string content = program();
  config::AttachmentRule by_name{.name = "BLOCKED", .file_names = {"blocked.exe"}};
  config::AttachmentRule by_digest{
      .name = "DIGEST",  // of "abc", FIPS 180-2 B.1
      .sha256 = {"BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"}};
  const AttachmentRules rules({by_name, by_digest});
  Unpacker unpacker({});
  const auto hits = [&](const std::string& name, const std::string& octets) {
    const std::string message =
        "Content-Type: message/rfc822\r\n\r\n" +
        attached("a.zip", "application/zip", zip_of("folder/" + name, octets));
    const ByteView view = as_bytes(message);
    return unpacker.examine({&view, 1}, rules).rules.to_ulong();
  };
  EXPECT_EQ(hits("blocked.exe", content), 1u);
  EXPECT_EQ(hits("x", "abc"), 2u);
  EXPECT_EQ(hits("x", "abd"), 0u);
}

TEST(Unpacking, WhatIsEncryptedIsToldAndItsNameIsRead) {
  EXPECT_THAT(in_file("", archive_of("zip", {{"a.pdf.exe", "secret"}}, nullptr,
                                     "zip:encryption=zipcrypt", "infected")),
              ElementsAre("ATTACH_RUNS", "ATTACH_DOUBLE_EXT", "ATTACH_ENCRYPTED"));
}

TEST(Unpacking, WhatIsCutOffIsBroken) {
  std::string noise(100'000, '\0');
  std::uint32_t state = 1;
  for (char& c : noise) c = static_cast<char>((state = state * 1'664'525 + 1'013'904'223) >> 24);
  for (const std::string& whole :
       {zip_of("a", noise), compressed("gzip", noise), archive_of("7zip", {{"a", noise}})})
    EXPECT_THAT(in_file("", whole.substr(0, whole.size() / 2)), Contains("ATTACH_BROKEN"));
}

TEST(Unpacking, StopsAtTheDepthLimit) {
  std::string nested = program();
  for (int i = 0; i < 5; ++i) nested = zip_of("a", nested);
  EXPECT_THAT(in_file("", nested, {.depth_max = 5}), ElementsAre("ATTACH_PROGRAM"));
  EXPECT_THAT(in_file("", nested, {.depth_max = 4}), ElementsAre("ATTACH_TOO_DEEP"));
}

// `count` multiparts around a file.
std::string in_multiparts(int count) {
  std::string part = "Content-Type: application/octet-stream\r\n\r\n" + eicar();
  for (int i = 0; i < count; ++i)
    part = fmt::format(
        "Content-Type: multipart/mixed; boundary=b{0}\r\n\r\n--b{0}\r\n{1}\r\n--b{0}--", i, part);
  return "MIME-Version: 1.0\r\n" + part;
}

TEST(Messages, WhatALimitKeepsFromBeingToldIsAFinding) {
  EXPECT_THAT(in_message(in_multiparts(20)), ElementsAre("EICAR"));
  EXPECT_THAT(in_message(in_multiparts(30)), ElementsAre("ATTACH_TOO_DEEP"));
  EXPECT_THAT(in_message(in_multiparts(30), {.message = {.depth_max = 30}}), ElementsAre("EICAR"));
  std::string parts = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 1'001; ++i) parts += "--b\r\n\r\nx\r\n";
  parts += "--b\r\nContent-Type: application/octet-stream\r\n\r\n" + eicar() + "\r\n--b--\r\n";
  EXPECT_THAT(in_message(parts), ElementsAre("ATTACH_LIMIT"));
  EXPECT_THAT(in_message(parts, {.message = {.parts_max = 2'000}}), ElementsAre("EICAR"));
  std::string fields;
  for (int i = 0; i < 1'001; ++i) fields += "A: b\r\n";
  EXPECT_THAT(in_message(fields + "\r\ntext"), ElementsAre("ATTACH_LIMIT"));
  EXPECT_THAT(in_file("a.zip", zip_of("a.eml", in_multiparts(30))), ElementsAre("ATTACH_TOO_DEEP"));
}

TEST(Messages, AreWalkedWhateverTheyAreEncodedInOrBeginWith) {
  const std::string mail = attached("a.bin", "application/octet-stream", eicar());
  std::string quoted;  // RFC 2045 6.7
  for (const char c : "Subject: %PDF-1.4\r\n" + mail) quoted += c == '=' ? "=3D"s : ""s + c;
  for (const char* type : {"message/rfc822", "message/global"})
    EXPECT_THAT(in_message(fmt::format("MIME-Version: 1.0\r\nContent-Type: {}\r\n"
                                       "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                                       "{}",
                                       type, quoted)),
                Contains("EICAR"))
        << type;
  for (const char* name : {"a.eml", "a.u8msg"})
    EXPECT_THAT(in_file(name, "Subject: %PDF-1.4\r\n" + mail), Contains("EICAR")) << name;
}

TEST(Unpacking, ArchivesBehindOtherOctetsAreFound) {
  const std::string zip = zip_of("a.com", eicar());
  std::string with_comment = zip + std::string(60'000, 'c');
  with_comment.replace(zip.size() - 2, 2, little(60'000, 2));
  for (const std::string& octets :
       {"\n" + zip, std::string(100'000, 'x') + zip, "\n" + with_comment,
        "front" + archive_of("7zip", {{"a.com", eicar()}}),
        "front" + test::rar_of("a.com", eicar())})
    for (const char* name : {"", "a.bin"})
      EXPECT_THAT(in_file(name, octets), ElementsAre("EICAR", "ATTACH_RUNS"));
  EXPECT_THAT(in_file("", test::rar_of("a.com", eicar())), ElementsAre("EICAR", "ATTACH_RUNS"));
  EXPECT_THAT(in_file("a.zip", "%PDF-1.4\n" + zip),
              ElementsAre("EICAR", "ATTACH_RUNS", "ATTACH_MISMATCH"));
}

TEST(Unpacking, WhatClaimsToBeAnArchiveAndIsNoneIsBroken) {
  for (const char* name : {"a.zip", "a.rar", "a.7z", "a.iso", "a.gz", "a.tgz", "a.tar", "a.lzh"})
    EXPECT_THAT(in_file(name, "something else"), Contains("ATTACH_BROKEN")) << name;
  EXPECT_THAT(in_message(attached("", "application/zip", "something else")),
              ElementsAre("ATTACH_BROKEN"));
  for (const char* name : {"a.txt", "a.docx", "a.msg", ""})
    EXPECT_THAT(in_file(name, "something else"), IsEmpty()) << name;
  EXPECT_THAT(in_file("a.zip", ""), IsEmpty());
}

TEST(Unpacking, AWrongChecksumHidesNothing) {
  const auto checksum = [](const std::string& content) {
    return little(
        crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size())),
        4);
  };
  const auto damaged = [&](std::string zip, const std::string& content) {
    const std::string right = checksum(content);
    for (std::size_t at = zip.find(right); at != zip.npos; at = zip.find(right))
      zip.replace(at, 4, "\1\2\3\4");
    return zip;
  };
  for (const char* options : {"zip:compression=store", "zip:compression=deflate"})
    EXPECT_THAT(
        in_file("", damaged(archive_of("zip", {{"a", eicar()}}, nullptr, options), eicar())),
        ElementsAre("EICAR", "ATTACH_BROKEN"))
        << options;
}

TEST(Unpacking, TheHolesOfAFileAreZeros) {
  const std::string zip = zip_of("a.com", eicar());
  EXPECT_THAT(in_file("", test::sparse_tar("\n", 100'000, zip)),
              ElementsAre("EICAR", "ATTACH_RUNS"));
  EXPECT_THAT(in_file("", test::sparse_tar(program(), 1ULL << 32, "end")), Contains("ATTACH_BOMB"));
}

TEST(Unpacking, ACompressedFileHasTheNameWithoutItsLastExtension) {
  EXPECT_THAT(in_file("invoice.pdf.js.gz", compressed("gzip", "x")),
              ElementsAre("ATTACH_RUNS", "ATTACH_DOUBLE_EXT"));
  EXPECT_THAT(in_file("invoice.JS.bz2 .", compressed("bzip2", "x")), Contains("ATTACH_RUNS"));
  EXPECT_THAT(in_file("invoice.txt.gz", compressed("gzip", "x")), IsEmpty());
  EXPECT_THAT(in_file("a.tgz", compressed("gzip", program())),
              ElementsAre("ATTACH_PROGRAM", "ATTACH_MISMATCH"));
  std::string named = compressed("gzip", "x");
  named[3] |= 8;  // FNAME (RFC 1952 2.3.1)
  named.insert(10, "a.js\0"s);
  EXPECT_THAT(in_file("a.gz", named), ElementsAre("ATTACH_RUNS"));
}

TEST(Unpacking, StopsAtTheFileLimit) {
  test::Files files(50, {"a.txt", "x"});
  files.push_back({"b.exe", "x"});
  const std::string tar = archive_of("pax", files);
  EXPECT_THAT(in_file("", tar, {.files_max = 51}), ElementsAre("ATTACH_RUNS"));
  EXPECT_THAT(in_file("", tar, {.files_max = 50}), ElementsAre("ATTACH_LIMIT"));
}

TEST(Unpacking, StopsAtBombs) {
  const std::string zeros(64UL * 1024 * 1024, '\0');
  EXPECT_THAT(in_file("", compressed("gzip", zeros)), Contains("ATTACH_BOMB"));
  EXPECT_THAT(in_file("", zip_of("zeros", zeros)), Contains("ATTACH_BOMB"));
  EXPECT_THAT(in_file("", compressed("gzip", compressed("gzip", zeros))), Contains("ATTACH_BOMB"));
  const std::string sheet = "stream\n" + test::deflated(zeros);
  EXPECT_THAT(in_file("", "%PDF-1.5 1 0 obj<</Type/ObjStm/Filter/FlateDecode>>" + sheet),
              Contains("ATTACH_BOMB"));
}

TEST(Unpacking, StopsAtTheOctetLimitAndTheTimeLimit) {
  const std::string text(1'000'000, 'x');
  EXPECT_THAT(in_file("", zip_of("a", text), {.expanded_max = 500'000}),
              ElementsAre("ATTACH_LIMIT"));
  EXPECT_THAT(in_file("", zip_of("a", text), {.expanded_max = 1'500'000}), IsEmpty());
  EXPECT_THAT(in_file("", zip_of("a.exe", "x"), {.time_max = {}}), ElementsAre("ATTACH_LIMIT"));
}

TEST(Unpacking, ADamagedArchiveIsReadWithinItsBounds) {
  const std::string whole = archive_of("zip", {{"a.txt", "text"}, {"b.zip", zip_of("c", "x")}});
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const char octet : {'\0', '\x7f', '\xff'}) {
      std::string broken = whole;
      broken[at] = octet;
      in_file("", broken);
    }
}

TEST(Pdf, WhatItDoesByItselfIsFound) {
  EXPECT_THAT(in_file("", "%PDF-1.4 1 0 obj <</OpenAction <</S /JavaScript /JS (x)>>>> endobj"),
              ElementsAre("ATTACH_PDF_JS"));
  EXPECT_THAT(in_file("", "%PDF-1.4 1 0 obj <</S/J#61vaScript>> endobj"),
              ElementsAre("ATTACH_PDF_JS"));
  EXPECT_THAT(in_file("", "%PDF-1.4 <</S/Launch/F(cmd.exe)>>"), ElementsAre("ATTACH_PDF_LAUNCH"));
  EXPECT_THAT(in_file("", "%PDF-1.4 <</Type/Catalog/JavaScripts 1>>"), IsEmpty());
}

TEST(Pdf, ObjectStreamsAndEmbeddedFilesAreOpened) {
  const auto with_stream = [](const std::string& dictionary, const std::string& content) {
    return "%PDF-1.5\n1 0 obj <<" + dictionary + "/Filter /FlateDecode>>\r\nstream\r\n" +
           test::deflated(content) + "\nendstream endobj";
  };
  EXPECT_THAT(in_file("", with_stream("/Type /ObjStm /N 1", "1 0 <</S /Launch>>")),
              ElementsAre("ATTACH_PDF_LAUNCH"));
  EXPECT_THAT(in_file("", with_stream("/Length 9", "/S /Launch")), IsEmpty());  // a page's text
  EXPECT_THAT(in_file("", with_stream("/Type /EmbeddedFile", program())),
              ElementsAre("ATTACH_PROGRAM", "ATTACH_PDF_FILE"));
}

TEST(Office, ProgramsInNewDocumentsAreFound) {
  const std::string vba = compound_of({{"VBA/", ""}, {"_VBA_PROJECT", "x"}});
  EXPECT_THAT(in_file("a.docm", archive_of("zip", {{"[Content_Types].xml", "<?xml"},
                                                   {"word/vbaProject.bin", vba}})),
              ElementsAre("ATTACH_MACRO"));
  EXPECT_THAT(in_file("a.xlsm", zip_of("xl/macrosheets/sheet1.xml", "<?xml")),
              ElementsAre("ATTACH_XL4_MACRO"));
  EXPECT_THAT(in_file("a.docx", zip_of("word/_rels/settings.xml.rels",
                                       "<Relationship Type=\"http://x/attachedTemplate\" "
                                       "Target=\"http://evil\" TargetMode=\"External\"/>")),
              ElementsAre("ATTACH_TEMPLATE"));
  EXPECT_THAT(in_file("a.docx", zip_of("word/document.xml", "<?xml")), IsEmpty());
}

// A module's source as one compressed chunk of literals (MS-OVBA 2.4.1.1.4).
std::string module(const std::string& source) {
  std::string data;
  for (std::size_t at = 0; at < source.size(); at += 8) data += '\0' + source.substr(at, 8);
  return "\x01" + little(0xb000 | (data.size() - 1), 2) + data;
}

TEST(Office, ProgramsInOldDocumentsAreFound) {
  const std::string source = "Attribute VB_Name = \"ThisDocument\"\r\nSub AutoOpen()\r\n";
  EXPECT_EQ(vba_source(as_bytes("garbage before" + module(source))), source);
  EXPECT_THAT(in_file("a.doc", compound_of({{"Macros/", ""}, {"VBA/", ""}, {"M", module(source)}})),
              ElementsAre("ATTACH_MACRO", "ATTACH_MACRO_AUTO"));
  const std::string harmless = "Attribute VB_Name = \"M\"\r\nSub Add()\r\n";
  EXPECT_THAT(in_file("a.doc", compound_of({{"VBA/", ""}, {"M", module(harmless)}})),
              ElementsAre("ATTACH_MACRO"));
  EXPECT_THAT(in_file("a.doc", compound_of({{"WordDocument", "x"}})), IsEmpty());
}

TEST(Office, MacroSheetsPasswordsAndPackagesAreFound) {
  const auto sheet = [](char kind) {
    return little(0x85, 2) + little(8, 2) + little(0, 4) + '\0' + kind + "\x01x";
  };
  EXPECT_THAT(in_file("a.xls", compound_of({{"Workbook", sheet(1)}})),
              ElementsAre("ATTACH_XL4_MACRO"));
  EXPECT_THAT(in_file("a.xls", compound_of({{"Workbook", sheet(0)}})), IsEmpty());
  EXPECT_THAT(in_file("a.docx", compound_of({{"EncryptedPackage", "x"}})),
              ElementsAre("ATTACH_ENCRYPTED"));
  const std::string package = little(0, 4) + little(2, 2) + "invoice.exe\0c:\\invoice.exe\0"s +
                              little(0, 4) + little(2, 4) + "c\0"s + little(program().size(), 4) +
                              program();
  EXPECT_THAT(in_file("a.doc", compound_of({{"\1Ole10Native", package}})),
              ElementsAre("ATTACH_PROGRAM", "ATTACH_RUNS", "ATTACH_OLE_PACKAGE"));
}

TEST(Office, ACompoundFileThatGoesInCirclesEnds) {
  std::string file = compound_of({{"Workbook", std::string(8192, 'x')}});
  file.replace(512 + 4, 4, little(1, 4));  // the sector behind sector 1 is sector 1
  EXPECT_THAT(in_file("a.xls", file), IsEmpty());
  EXPECT_THAT(in_file("a.xls", file.substr(0, 100)), ElementsAre("ATTACH_BROKEN"));
}

TEST(Rtf, ObjectsAreOpened) {
  std::string hex;
  for (const char c : "MZ\x90"s + program().substr(3))
    hex += fmt::format("{:02x}\n", static_cast<std::uint8_t>(c));
  EXPECT_THAT(in_file("", "{\\rtf1{\\object\\objemb{\\*\\objdata 0105\n" + hex + "}}}"),
              ElementsAre("ATTACH_PROGRAM", "ATTACH_OLE_PACKAGE"));
  EXPECT_THAT(in_file("", "{\\rtf1{\\*\\template http://evil/}}"), ElementsAre("ATTACH_TEMPLATE"));
}

TEST(Rtf, GroupsAndControlWordsWithinTheDigitsHideNothing) {
  std::string hex;
  for (const char c : "MZ\x90"s + program().substr(3))
    hex += fmt::format("{:02x}", static_cast<std::uint8_t>(c));
  for (const std::string& between : {"{\\*\\x}"s, "{\\*\\x 0{1}2}"s, "{}"s, "\\abc1 "s, "\\'0a"s,
                                     "{\n\\*\\objdata 1}"s, "\\bin1 }"s})
    EXPECT_THAT(in_file("", "{\\rtf1{\\object{\\*\\objdata 0105" + between + "0000" + hex + "}}}"),
                ElementsAre("ATTACH_PROGRAM", "ATTACH_OLE_PACKAGE"))
        << between;
  const std::string raw = "MZ\x90"s + program().substr(3);
  EXPECT_THAT(in_file("", fmt::format("{{\\rtf1{{\\*\\objdata0 01\\bin{} {}}}}}", raw.size(), raw)),
              ElementsAre("ATTACH_PROGRAM", "ATTACH_OLE_PACKAGE"));
  EXPECT_THAT(in_file("", "{\\rtf1{\\*\\objdata 01}" + hex + "}"),
              ElementsAre("ATTACH_OLE_PACKAGE"));
  EXPECT_THAT(in_file("", "{\\rtf1{\\*\\objdata {{\\bin9999999999"),
              ElementsAre("ATTACH_OLE_PACKAGE"));
}

TEST(Tnef, AttachmentsAreOpened) {
  const auto attribute = [](std::uint32_t code, const std::string& data) {
    return "\x02" + little(code, 4) + little(data.size(), 4) + data + "\0\0"s;
  };
  EXPECT_THAT(in_file("winmail.dat",
                      little(0x223e9f78, 4) + little(1, 2) + attribute(0x00069002, "x") +
                          attribute(0x00018010, "a.exe\0"s) + attribute(0x0006800f, program())),
              ElementsAre("ATTACH_PROGRAM", "ATTACH_RUNS"));
}

// The development corpus, where it lies beside the repository. (Its clam.* are coded, as in
// ClamAV's own tree.)
TEST(Unpacking, FindsWhatTheFilesOfOthersHold) {
  namespace fs = std::filesystem;
  const char* shared = std::getenv("SLUICE_SHARED");
  const fs::path archive =
      fs::path(shared != nullptr ? shared : "../shared") / "data/attachment-safe.tar.zst";
  if (!fs::exists(archive)) GTEST_SKIP() << archive << " is not there";
  std::ifstream in(archive, std::ios::binary);
  const std::string packed{std::istreambuf_iterator<char>(in), {}};
  std::map<std::string, std::string> files;
  ::archive* reader = archive_read_new();
  archive_read_support_filter_zstd(reader);
  archive_read_support_format_tar(reader);
  ASSERT_EQ(archive_read_open_memory(reader, packed.data(), packed.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
    archive_read_data(reader, content.data(), content.size());
    files[fs::path(archive_entry_pathname(entry)).filename()] = std::move(content);
  }
  archive_read_free(reader);
  struct Expected {
    const char* file;
    const char* finding;
  };
  for (const Expected& expected :
       std::initializer_list<Expected>{{"eicar_nested_8.zip", "EICAR"},
                                       {"eicar_dotdot_name.zip", "EICAR"},
                                       {"zip_truncated.zip", "ATTACH_BROKEN"},
                                       {"bomb_3level_10x10x10MiB.zip", "ATTACH_BOMB"},
                                       {"encrypted.docm", "ATTACH_ENCRYPTED"},
                                       {"encrypted.xls", "ATTACH_ENCRYPTED"},
                                       {"excel4_sample_macro.xls", "ATTACH_XL4_MACRO"},
                                       {"excel4_sample_macro.xlsb", "ATTACH_XL4_MACRO"},
                                       {"sample_with_lnk_file.doc", "ATTACH_OLE_PACKAGE"},
                                       {"issue_251.rtf", "ATTACH_OLE_PACKAGE"}})
    EXPECT_THAT(in_file(expected.file, files[expected.file]), Contains(expected.finding))
        << expected.file;
  EXPECT_THAT(in_file("harmless-clean.docx", files["harmless-clean.docx"]), IsEmpty());
}

}  // namespace
}  // namespace sluice::scan::attachment
