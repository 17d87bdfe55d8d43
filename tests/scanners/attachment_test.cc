// What is told of files by name, declared type and content.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/config/load.h"
#include "scanners/attachment/first_look.h"
#include "scanners/attachment/unpacker.h"
#include "scanners/builtin_rules.h"
#include "scanners/scanner.h"

namespace sluice::scan::attachment {
namespace {

using namespace std::literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

FileType type_of(std::string_view head) { return sniff(as_bytes(head)); }

std::string program(std::string_view tail = "") {
  std::string head(64, '\0');
  head.replace(0, 2, "MZ");
  head[60] = 64;
  return head + "PE\0\0"s + std::string(tail);
}

TEST(FileTypes, AreToldByContent) {
  EXPECT_EQ(type_of(program()), FileType::pe);
  EXPECT_EQ(type_of("\x7f"
                    "ELF\x02\x01"),
            FileType::elf);
  EXPECT_EQ(type_of("\xca\xfe\xba\xbe\0\0\0\x02"sv), FileType::mach_o);
  EXPECT_EQ(type_of("\xca\xfe\xba\xbe\0\0\0\x34"sv), FileType::java_class);
  EXPECT_EQ(type_of("PK\x03\x04"), FileType::zip);
  EXPECT_EQ(type_of("junk before\n%PDF-1.7"), FileType::pdf);
  EXPECT_EQ(type_of("\xef\xbb\xbf\r\n <!DOCTYPE HTML>"), FileType::html);
  EXPECT_EQ(type_of("#!/bin/sh\n"), FileType::script);
  EXPECT_EQ(type_of("@ECHO OFF\r\n"), FileType::batch);
  EXPECT_EQ(type_of(std::string(257, 'x') + "ustar"), FileType::tar);
  EXPECT_EQ(type_of("RIFF\1\2\3\4WEBPVP8 "), FileType::webp);
  EXPECT_EQ(type_of("X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"),
            FileType::eicar);
}

TEST(FileTypes, WordsThatBeginLikeASignatureAreText) {
  EXPECT_EQ(type_of("MZ is how programs begin, says a long enough text of more than 64 octets."),
            FileType::unknown);
  EXPECT_EQ(type_of("CWS: the third quarter"), FileType::unknown);
  EXPECT_EQ(type_of("ID3 tags explained"), FileType::unknown);
  EXPECT_EQ(type_of(""), FileType::unknown);
}

// A file may end anywhere, and what it says of itself may point anywhere.
TEST(FileTypes, AHeadThatEndsEarlyIsNotReadBeyondItsEnd) {
  EXPECT_EQ(type_of("BZh91AY&SY"), FileType::bzip2);
  const std::string heads[] = {"BZh91AY&SY",
                               program(),
                               "\xca\xfe\xba\xbe\0\0\0\x02"s,
                               "RIFF\1\2\3\4WEBPVP8 ",
                               "BM" + std::string(14, '\0'),
                               std::string(257, 'x') + "ustar",
                               "\xef\xbb\xbf<!DOCTYPE HTML>"};
  for (const std::string& head : heads)
    for (std::size_t size = 0; size < head.size(); ++size) type_of(head.substr(0, size));
  for (unsigned last = 0xf0; last <= 0xff; ++last) {
    std::string head = program();
    head.replace(60, 4, std::string(1, static_cast<char>(last)) + "\xff\xff\xff");
    EXPECT_EQ(type_of(head), FileType::dos) << last;
  }
}

TEST(FileTypes, HaveNamesAndGroups) {
  for (unsigned i = 0; i < static_cast<unsigned>(FileType::count_); ++i)
    EXPECT_EQ(types_named(name_of(static_cast<FileType>(i))), TypeSet{1} << i);
  EXPECT_TRUE(has(*types_named("program"), FileType::shortcut));
  EXPECT_FALSE(has(*types_named("program"), FileType::ole));
  EXPECT_FALSE(types_named("nonsense"));
}

TEST(FileNames, RunOrDoNot) {
  EXPECT_TRUE(FileName("a.EXE").runs());
  EXPECT_TRUE(FileName("a.lnk").runs());
  EXPECT_TRUE(FileName("x.{3050F4D8-98B5-11CF-BB82-00AA00BDCE0B}").runs());
  EXPECT_FALSE(FileName("a.pdf").runs());
  EXPECT_FALSE(FileName("exe").runs());
  EXPECT_FALSE(FileName("").runs());
}

TEST(FileNames, TricksAreSeenThrough) {
  const auto has = [](std::string_view name, NameSign sign) { return FileName(name).has(sign); };
  EXPECT_TRUE(has("invoice.pdf.exe", NameSign::double_extension));
  EXPECT_TRUE(has("invoice.pdf           .exe", NameSign::double_extension));
  EXPECT_TRUE(has("invoice.pdf           .exe", NameSign::padded));
  EXPECT_FALSE(has("setup.1.2.exe", NameSign::double_extension));
  EXPECT_FALSE(has("report.final.pdf", NameSign::double_extension));
  EXPECT_TRUE(has("annexe\u202efdp.exe", NameSign::text_direction));
  EXPECT_TRUE(has("a.exe. .", NameSign::trailing));
  EXPECT_TRUE(FileName("a.exe. .").runs());
  EXPECT_TRUE(FileName("a.e\u200bxe").runs());
  EXPECT_TRUE(has("..\\..\\start.bat", NameSign::path));
  EXPECT_TRUE(has("a\u200b.pdf", NameSign::hidden));
}

std::vector<std::string_view> found(std::string_view name, std::string_view declared,
                                    std::string_view content) {
  const Findings findings = compare(FileName(name), declared, type_of(content));
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kFindings; ++i)
    if (findings.has(static_cast<Finding>(i))) names.push_back(rule_name(static_cast<Finding>(i)));
  return names;
}

TEST(Attachments, NameTypeAndContentAreComparedWithEachOther) {
  EXPECT_THAT(found("a.pdf", "application/pdf", "%PDF-1.4"), IsEmpty());
  EXPECT_THAT(found("a.pdf", "application/pdf", "no pdf"), IsEmpty());  // broken, not a lie
  EXPECT_THAT(found("a.pdf", "application/pdf", program()),
              ElementsAre("ATTACH_PROGRAM", "ATTACH_MISMATCH"));
  EXPECT_THAT(found("a.jpg", "image/png", "GIF89a"), IsEmpty());  // pictures are pictures
  EXPECT_THAT(found("a.jpg", "image/jpeg", "PK\x03\x04"), ElementsAre("ATTACH_MISMATCH"));
  EXPECT_THAT(found("", "image/jpeg", "PK\x03\x04"), ElementsAre("ATTACH_MISMATCH"));
  EXPECT_THAT(found("a.doc", "application/msword", "{\\rtf1"), IsEmpty());
  EXPECT_THAT(found("a.exe", "application/octet-stream", program()),
              ElementsAre("ATTACH_PROGRAM", "ATTACH_RUNS"));
  EXPECT_THAT(found("a.txt", "text/plain", "plain"), IsEmpty());
}

struct Scanned {
  std::vector<std::string> hits;
  Refusal refusal;
  bool wants_examination;
};

Scanned scan(const std::string& message, std::vector<config::AttachmentRule> rules = {}) {
  ScanSettings settings;
  settings.scl_score = {1, 2, 3, 4, 5, 6.5, 8, 10, 15};
  settings.attachment_rules = std::move(rules);
  auto set = *RuleSet::load({}, settings);
  Scanner scanner(set, settings, 1);
  MessageScan* scan = scanner.begin();
  scanner.feed(*scan, as_bytes(message));
  const Verdict verdict = scanner.finish(*scan);
  Scanned result{{}, verdict.refusal, scanner.wants_examination(*scan)};
  for (std::uint16_t i = 0; i < verdict.hit_count; ++i)
    result.hits.emplace_back(set->name(verdict.hits[i]));
  scanner.release(*scan);
  return result;
}

std::string message(std::string_view type, std::string_view name, std::string_view base64) {
  return fmt::format(
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n"
      "--b\r\nContent-Type: {}\r\nContent-Disposition: attachment; filename*=utf-8''{}\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
      type, name, base64);
}

constexpr const char* kZip = "UEsDBAoAAAAAAA==";
constexpr const char* kEicar =
    "WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo=";

TEST(Attachments, EveryFindingHasARuleOfItsName) {
  const auto set = *RuleSet::load({}, ScanSettings{});
  std::vector<std::string_view> names;
  for (std::uint16_t i = 0; i < set->size(); ++i) names.push_back(set->name(i));
  for (std::size_t i = 0; i < kFindings; ++i)
    EXPECT_THAT(names, testing::Contains(rule_name(static_cast<Finding>(i))));
}

TEST(Attachments, FindingsAreHitsOfTheScan) {
  EXPECT_THAT(scan(message("image/jpeg", "a%E2%80%AEgpj.exe", kZip)).hits,
              UnorderedElementsAre("ATTACH_MISMATCH", "ATTACH_RUNS", "ATTACH_RTL_NAME"));
  EXPECT_THAT(scan(message("application/zip", "a.zip", kZip)).hits, IsEmpty());
  EXPECT_THAT(scan(message("application/octet-stream", "a.bin", kEicar)).hits,
              ElementsAre("EICAR"));
}

TEST(Attachments, AnEncodedMessageIsForTheExamination) {
  for (const char* type : {"message/rfc822", "message/global"})
    EXPECT_TRUE(scan(fmt::format("MIME-Version: 1.0\r\nContent-Type: {}\r\n"
                                 "Content-Transfer-Encoding: base64\r\n\r\nRnJvbTogYQ0KDQo=\r\n",
                                 type))
                    .wants_examination)
        << type;
  EXPECT_FALSE(scan("MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nx").wants_examination);
}

TEST(Attachments, WhatALimitKeepsFromBeingToldIsAFinding) {
  std::string deep = "MIME-Version: 1.0\r\n";
  for (int i = 0; i < 30; ++i)
    deep += fmt::format("Content-Type: multipart/mixed; boundary=b{0}\r\n\r\n--b{0}\r\n", i);
  EXPECT_THAT(scan(deep + "\r\nx").hits, testing::Contains("ATTACH_TOO_DEEP"));
  std::string parts = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 1'002; ++i) parts += "--b\r\n\r\nx\r\n";
  EXPECT_THAT(scan(parts).hits, testing::Contains("ATTACH_LIMIT"));
}

// A picture that claims to have 4 billion rows costs what its octets cost: nothing decodes it.
TEST(Attachments, APictureBombIsAPicture) {
  EXPECT_THAT(scan(message("image/png", "a.png", "iVBORw0KGgoAAAANSUhEUv//////////CAYAAAA=")).hits,
              IsEmpty());
}

TEST(Attachments, AreFoundInNestedMessagesAndUuencoded) {
  const std::string inner = message("application/octet-stream", "a.exe", kEicar);
  EXPECT_THAT(scan("Content-Type: message/rfc822\r\n\r\n" + inner).hits,
              UnorderedElementsAre("EICAR", "ATTACH_RUNS"));
  EXPECT_THAT(scan("Subject: x\r\n\r\ntext\r\nbegin 644 a.scr\r\n#0V%T\r\n`\r\nend\r\n").hits,
              testing::Contains("ATTACH_RUNS"));
}

TEST(Attachments, TheOperatorsRulesAskForNameTypeAndSize) {
  config::AttachmentRule by_name{.name = "BY_NAME", .file_names = {"*.ZIP"}, .score = 2.5};
  config::AttachmentRule by_type{
      .name = "BY_TYPE", .types = {"archive"}, .action = config::AttachmentAction::tag};
  config::AttachmentRule too_large{
      .name = "TOO_LARGE", .size_min = 11, .action = config::AttachmentAction::reject};
  const std::vector rules{by_name, by_type, too_large};
  const Scanned zip = scan(message("application/zip", "a.zip", kZip), rules);
  EXPECT_THAT(zip.hits, UnorderedElementsAre("BY_NAME", "BY_TYPE"));
  EXPECT_EQ(zip.refusal, Refusal::none);
  const Scanned eicar = scan(message("application/octet-stream", "a.bin", kEicar), rules);
  EXPECT_THAT(eicar.hits, UnorderedElementsAre("EICAR", "TOO_LARGE"));
  EXPECT_EQ(eicar.refusal, Refusal::attachment);
}

// What rules take out of the message, or "refused".
std::vector<std::string> cuts(const std::string& message,
                              std::vector<config::AttachmentRule> rules) {
  ScanSettings settings;
  settings.scl_score = {1, 2, 3, 4, 5, 6.5, 8, 10, 15};
  settings.attachment_rules = std::move(rules);
  auto set = *RuleSet::load({}, settings);
  Scanner scanner(set, settings, 1);
  MessageScan* scan = scanner.begin();
  scanner.feed_trace(*scan, as_bytes("Received: here\r\n"));
  scanner.feed(*scan, as_bytes(message));
  Verdict verdict = scanner.finish(*scan);
  // Those that look at content find the same once more.
  Unpacker unpacker({});
  const ByteView octets = as_bytes(message);
  verdict = scanner.amend(*scan, unpacker.examine({&octets, 1}, set->attachment_rules()));
  std::vector<std::string> result;
  for (const Cut& cut : scanner.cuts(*scan))
    result.push_back(fmt::format("{}:{}", set->attachment_rules().rule(cut.rule).name,
                                 message.substr(cut.begin, cut.end - cut.begin)));
  EXPECT_EQ(verdict.strips, !result.empty() || verdict.refusal == Refusal::attachment);
  if (verdict.refusal == Refusal::attachment) return {"refused"};
  return result;
}

TEST(Attachments, ARuleCutsTheWholePart) {
  const config::AttachmentRule zip{
      .name = "ZIP", .types = {"zip"}, .action = config::AttachmentAction::strip};
  const config::AttachmentRule tiny{
      .name = "TINY", .size_max = 3, .action = config::AttachmentAction::strip};
  const std::string mail = message("application/zip", "a.zip", kZip);
  const std::string part =
      "Content-Type: application/zip\r\n"
      "Content-Disposition: attachment; filename*=utf-8''a.zip\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n" +
      std::string(kZip);
  EXPECT_THAT(cuts(mail, {zip}), ElementsAre("ZIP:" + part));
  EXPECT_THAT(cuts("Content-Type: message/rfc822\r\n\r\n" + mail, {zip}),
              ElementsAre("ZIP:" + part));
  EXPECT_THAT(cuts(message("text/plain", "a.txt", kEicar), {zip}), IsEmpty());
  EXPECT_THAT(cuts("A: b\r\n\r\nx\r\n", {tiny}), IsEmpty());  // a body is no file
  // A message that is nothing but the file is refused; and one with too many of them.
  EXPECT_THAT(cuts("Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                       std::string(kZip) + "\r\n",
                   {zip}),
              ElementsAre("refused"));
  std::string many = mail.substr(0, mail.size() - 5);
  for (std::size_t i = 1; i < kCutsMax; ++i) many += "b\r\n" + part + "\r\n--";
  EXPECT_EQ(cuts(many + "b--\r\n", {zip}).size(), kCutsMax);
  EXPECT_THAT(cuts(many + "b\r\n" + part + "\r\n--b--\r\n", {zip}), ElementsAre("refused"));
}

// The part around a uuencoded file goes with it.
TEST(Attachments, ARuleCutsThePartAroundAFile) {
  const config::AttachmentRule scr{
      .name = "SCR", .file_names = {"*.scr"}, .action = config::AttachmentAction::strip};
  EXPECT_THAT(cuts("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\n"
                   "begin 644 a.scr\r\n#0V%T\r\n`\r\nend\r\n--b--\r\n",
                   {scr}),
              ElementsAre("SCR:\r\nbegin 644 a.scr\r\n#0V%T\r\n`\r\nend"));
}

TEST(Attachments, ANoteSaysWhatWasCut) {
  Cut cut{.begin = 0, .end = 0, .octets = 12, .rule = 0, .type = {}, .file_name = {}};
  cut.type.assign("application/zip");
  EXPECT_THAT(note_of(cut, "NO_ZIP"),
              testing::EndsWith("\r\nName: (none)\r\nType: application/zip\r\n"
                                "Size: 12 octets\r\nRule: NO_ZIP"));
  cut.file_name.assign("\r\n.\r\n=\xc3\xbc" + std::string(80, 'x'));
  EXPECT_THAT(note_of(cut, "NO_ZIP"),
              testing::HasSubstr("\r\nName: =0D=0A.=0D=0A=3D=C3=BC" + std::string(47, 'x') +
                                 "=\r\n" + std::string(33, 'x') + "\r\nType"));
}

TEST(Attachments, ATypeThatIsNotKnownIsAProblemOfTheConfiguration) {
  ScanSettings settings;
  settings.attachment_rules.push_back({.name = "X", .types = {"exee"}, .line = 7});
  const auto set = RuleSet::load({}, settings);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error()[0].text(), ":7: attachment_rule \"X\": type \"exee\" is not known");
}

}  // namespace
}  // namespace sluice::scan::attachment
