// PDF (ISO 32000): what is done by itself when one is opened, and what is inside. Names are looked
// for all over the file, and in object streams, which hide them behind deflate.
#include <zlib.h>

#include <string>
#include <vector>

#include "scanners/attachment/unpacker.h"

namespace sluice::scan::attachment {
namespace {

constexpr std::size_t kStreamsMax = 10'000;
constexpr std::size_t kDictionaryMax = 2'048;  // in front of "stream"
constexpr std::size_t kNameMax = 64;

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The name behind the "/" at `at`, "#4a" undone.
std::string name_at(std::string_view text, std::size_t at) {
  std::string name;
  for (++at; at < text.size() && name.size() < kNameMax; ++at) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) <= ' ' ||
        std::string_view("()<>[]{}/%").find(c) != std::string_view::npos)
      break;
    if (c == '#' && at + 2 < text.size() && hex(text[at + 1]) >= 0 && hex(text[at + 2]) >= 0) {
      name += static_cast<char>(hex(text[at + 1]) * 16 + hex(text[at + 2]));
      at += 2;
    } else {
      name += c;
    }
  }
  return name;
}

void look_at_name(std::string_view name, Unpacker& unpacker) {
  if (name == "JavaScript" || name == "JS") unpacker.note(Finding::pdf_script);
  if (name == "Launch" || name == "GoToE" || name == "GoToR" || name == "ImportData")
    unpacker.note(Finding::pdf_launch);
  if (name == "EmbeddedFile" || name == "RichMedia") unpacker.note(Finding::pdf_file);
  if (name == "Encrypt") unpacker.note(Finding::pdf_encrypted);
}

void look_at_names(std::string_view text, Unpacker& unpacker) {
  for (std::size_t at = text.find('/'); at != text.npos; at = text.find('/', at + 1))
    look_at_name(name_at(text, at), unpacker);
}

bool has_name(std::string_view dictionary, std::string_view wanted) {
  for (std::size_t at = dictionary.find('/'); at != dictionary.npos;
       at = dictionary.find('/', at + 1))
    if (name_at(dictionary, at) == wanted) return true;
  return false;
}

// As far as it can be undone and the unpacker allows.
std::vector<std::uint8_t> inflated(ByteView in, Unpacker& unpacker) {
  std::vector<std::uint8_t> out;
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return out;
  stream.next_in = const_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(in.size(), UINT32_MAX));
  int status = Z_OK;
  constexpr std::size_t kStep = 64 * 1024;
  while (status == Z_OK) {
    const std::size_t at = out.size();
    out.resize(at + kStep);
    stream.next_out = out.data() + at;
    stream.avail_out = kStep;
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (out.size() == at || !unpacker.spend(out.size() - at)) break;
  }
  inflateEnd(&stream);
  return out;
}

void open_stream(std::string_view dictionary, ByteView data, Unpacker& unpacker) {
  const bool objects = has_name(dictionary, "ObjStm");
  const bool file = has_name(dictionary, "EmbeddedFile");
  if (!objects && !file) return;
  const bool deflated = has_name(dictionary, "FlateDecode") || has_name(dictionary, "Fl");
  const std::vector<std::uint8_t> content =
      deflated ? inflated(data, unpacker) : std::vector<std::uint8_t>(data.begin(), data.end());
  if (objects) look_at_names(as_text(content), unpacker);
  if (file && !content.empty() && unpacker.may_open()) unpacker.file({}, {}, content);
}

}  // namespace

void open_pdf(ByteView file, Unpacker& unpacker) {
  const std::string_view text = as_text(file);
  look_at_names(text, unpacker);
  std::size_t streams = 0;
  for (std::size_t at = text.find("stream"); at != text.npos && streams < kStreamsMax;
       at = text.find("stream", at + 6)) {
    if (at >= 3 && text.substr(at - 3, 3) == "end") continue;
    if (unpacker.over()) return;
    ++streams;
    std::size_t data = at + 6;
    if (data < text.size() && text[data] == '\r') ++data;
    if (data < text.size() && text[data] == '\n') ++data;
    const std::size_t from = at > kDictionaryMax ? at - kDictionaryMax : 0;
    const std::string_view before = text.substr(from, at - from);
    const std::size_t object = before.rfind(" obj");
    const std::size_t end = std::min(text.find("endstream", data), text.size());
    open_stream(object == before.npos ? before : before.substr(object),
                file.subspan(data, end - data), unpacker);
    at = end - 1 < at ? at : end - 1;
  }
}

}  // namespace sluice::scan::attachment
