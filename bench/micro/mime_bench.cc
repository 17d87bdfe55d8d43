// Messages walked and their parts decoded, ours and GMime's, over the same octets: all files of
// MIME_CORPUS (folders of messages, with colons between) where it is set, else messages made here.
// The ratio is worth quoting, at least 3.
#include <benchmark/benchmark.h>
#include <gmime/gmime.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/base/random.h"
#include "scanners/mime/base64_table.h"
#include "scanners/mime/message_reader.h"

namespace {

using namespace sluice;

std::string message_with_attachment(Random& random) {
  std::string text =
      "Received: from mail.example.net (mail.example.net [192.0.2.7])\r\n"
      "\tby mx.example.com (Sluice) with ESMTPS id 12345;\r\n"
      "\tThu, 19 Nov 2026 10:00:00 +0000\r\n"
      "From: Ann Example <ann@example.net>\r\nTo: Bob Example <bob@example.com>\r\n"
      "Subject: =?utf-8?q?The_minutes_of_Thursday=27s_meeting?=\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/mixed; boundary=\"limit-1234567890\"\r\n\r\n"
      "--limit-1234567890\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
  for (int i = 0; i < 40; ++i)
    text += "We agreed to move the release by one week =E2=80=93 the tests are not finished.\r\n";
  text +=
      "--limit-1234567890\r\nContent-Type: application/pdf; name=\"minutes.pdf\"\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n";
  for (int i = 0; i < 600; ++i) {
    for (int k = 0; k < 76; ++k) text += scan::mime::kBase64Alphabet[random.below(64)];
    text += "\r\n";
  }
  return text + "--limit-1234567890--\r\n";
}

void add_files(const std::string& folder, std::vector<std::string>& all) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    all.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
}

std::vector<std::string> read_messages() {
  std::vector<std::string> all;
  if (const char* const folders = std::getenv("MIME_CORPUS")) {
    std::istringstream list(folders);
    for (std::string folder; std::getline(list, folder, ':');) add_files(folder, all);
    return all;
  }
  Random random(1);
  for (int i = 0; i < 20; ++i) all.push_back(message_with_attachment(random));
  return all;
}

const std::vector<std::string>& messages() {
  static const std::vector<std::string> all = read_messages();
  return all;
}

template <typename Walk>
void over_messages(benchmark::State& state, Walk&& walk) {
  const std::vector<std::string>& all = messages();
  std::size_t octets = 0;
  for (const std::string& message : all) octets += message.size();
  for (auto _ : state)
    for (const std::string& message : all) walk(message);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * octets));
}

// All parts, decoded.
void gmime_walk(const std::string& message) {
  GMimeStream* stream = g_mime_stream_mem_new_with_buffer(message.data(), message.size());
  GMimeStream* nothing = g_mime_stream_null_new();
  GMimeParser* parser = g_mime_parser_new_with_stream(stream);
  GMimeMessage* read = g_mime_parser_construct_message(parser, nullptr);
  if (read != nullptr) {
    GMimePartIter* iter = g_mime_part_iter_new(reinterpret_cast<GMimeObject*>(read));
    for (bool more = g_mime_part_iter_is_valid(iter); more; more = g_mime_part_iter_next(iter)) {
      GMimeObject* object = g_mime_part_iter_get_current(iter);
      if (!GMIME_IS_PART(object)) continue;
      GMimeDataWrapper* content = g_mime_part_get_content(reinterpret_cast<GMimePart*>(object));
      if (content != nullptr) g_mime_data_wrapper_write_to_stream(content, nothing);
    }
    g_mime_part_iter_free(iter);
    g_object_unref(read);
  }
  g_object_unref(parser);
  g_object_unref(nothing);
  g_object_unref(stream);
}

void walk_gmime(benchmark::State& state) {
  g_mime_init();
  over_messages(state, gmime_walk);
}

class Nothing final : public scan::mime::MessageSink {};

void read_with(benchmark::State& state, const scan::mime::Wanted& wanted) {
  scan::mime::MessageReader reader({}, wanted);
  scan::mime::Workspace workspace;
  Nothing nothing;
  over_messages(state, [&](const std::string& message) {
    reader.begin();
    for (std::size_t at = 0; at < message.size(); at += 4'096)
      reader.feed(as_bytes(std::string_view(message).substr(at, 4'096)), workspace, nothing);
    reader.finish(workspace, nothing);
  });
}

void walk(benchmark::State& state) { read_with(state, {.part_bytes = true}); }

// Everything that rules look at.
void read_for_rules(benchmark::State& state) {
  read_with(state, {.part_bytes = true, .text = true, .rawbody = true, .body = true, .uris = true});
}

BENCHMARK(walk);
BENCHMARK(walk_gmime);
BENCHMARK(read_for_rules);

}  // namespace

BENCHMARK_MAIN();
