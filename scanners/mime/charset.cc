#include "scanners/mime/charset.h"

#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/contract.h"
#include "scanners/mime/bounded_text.h"
#include "scanners/mime/charset_names.h"
#include "scanners/mime/parameter.h"
#include "scanners/mime/utf8_sequence.h"

namespace sluice::scan::mime {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
const iconv_t kNoDescriptor = reinterpret_cast<iconv_t>(-1);

struct Character {
  std::uint8_t size = 0;  // 0: the octet stands for nothing
  std::array<char, 3> utf8{};
};

using SingleTable = std::array<Character, 256>;

struct CharsetName {
  std::string_view name;
  Charset charset = kUtf8;
};

constexpr std::size_t count_names() {
  std::size_t count = 0;
  for (const CharsetInfo& info : kCharsets)
    count += 1 + static_cast<std::size_t>(std::ranges::count(info.names, ' '));
  return count;
}

constexpr std::array<CharsetName, count_names()> sort_names() {
  std::array<CharsetName, count_names()> sorted{};
  std::size_t size = 0;
  for (std::size_t i = 0; i < kCharsets.size(); ++i)
    for (std::string_view names = kCharsets[i].names; !names.empty();) {
      const std::string_view name = names.substr(0, names.find(' '));
      names.remove_prefix(std::min(name.size() + 1, names.size()));
      sorted[size++] = {name, static_cast<Charset>(i)};
    }
  std::ranges::sort(sorted, {}, &CharsetName::name);
  return sorted;
}

constexpr auto kNames = sort_names();
static_assert(std::ranges::adjacent_find(kNames, {}, &CharsetName::name) == kNames.end());

iconv_t open_descriptor(const char* name) noexcept { return iconv_open("UTF-8", name); }

void reset(iconv_t descriptor) noexcept { iconv(descriptor, nullptr, nullptr, nullptr, nullptr); }

SingleTable make_table(const char* name) {
  SingleTable table;
  const iconv_t descriptor = open_descriptor(name);
  for (unsigned octet = 0; octet < 256; ++octet) {
    char in = static_cast<char>(octet);
    char out[8];
    char* from = &in;
    char* to = out;
    std::size_t in_left = 1;
    std::size_t out_left = sizeof out;
    Character& character = table[octet];
    if (descriptor != kNoDescriptor) {
      reset(descriptor);
      iconv(descriptor, &from, &in_left, &to, &out_left);
      iconv(descriptor, nullptr, nullptr, &to, &out_left);  // what it keeps back for combining
    }
    const auto size = static_cast<std::size_t>(to - out);
    if (size == 0 || size > character.utf8.size()) continue;
    character.size = static_cast<std::uint8_t>(size);
    std::copy_n(out, size, character.utf8.data());
  }
  if (descriptor != kNoDescriptor) iconv_close(descriptor);
  return table;
}

}  // namespace

struct CharsetTools::Tables {
  std::array<SingleTable, kCharsets.size()> single;  // used where the kind is `single`
  std::array<iconv_t, kCharsets.size()> descriptors;
};

std::optional<Charset> find_charset(std::string_view name) noexcept {
  if (equals_ignoring_case(name, "utf-8") || equals_ignoring_case(name, "us-ascii")) return kUtf8;
  BoundedText<kCharsetBytes> folded;
  for (const char c : name)
    if (c != '-' && c != '_' && c != ' ') {
      const char lower = ascii_lower(c);
      folded.append({&lower, 1});
    }
  if (folded.view() == "utf8" || folded.view() == "usascii" || folded.empty()) return kUtf8;
  const auto found = std::ranges::lower_bound(kNames, folded.view(), {}, &CharsetName::name);
  if (found == kNames.end() || found->name != folded.view()) return {};
  return found->charset;
}

CharsetKind kind_of(Charset charset) noexcept { return kCharsets[charset].kind; }

CharsetTools::CharsetTools() : tables_(std::make_unique<Tables>()) {
  for (std::size_t i = 0; i < kCharsets.size(); ++i) {
    const CharsetInfo& info = kCharsets[i];
    const bool table = info.kind == CharsetKind::single;
    if (table) tables_->single[i] = make_table(info.iconv_name);
    tables_->descriptors[i] =
        table || info.kind == CharsetKind::utf8 ? kNoDescriptor : open_descriptor(info.iconv_name);
  }
}

CharsetTools::~CharsetTools() {
  for (const iconv_t descriptor : tables_->descriptors)
    if (descriptor != kNoDescriptor) iconv_close(descriptor);
}

CharsetTools::Progress CharsetTools::convert(Charset charset, ByteView in, MutableBytes out,
                                             bool final) noexcept {
  SLUICE_ASSERT(out.size() >= 16);
  if (kind_of(charset) == CharsetKind::single) return convert_single(charset, in, out);
  if (tables_->descriptors[charset] != kNoDescriptor) return convert_iconv(charset, in, out, final);
  // This system's iconv lacks the charset.
  const std::size_t size = std::min(in.size(), out.size());
  std::memcpy(out.data(), in.data(), size);
  return {size, size, 0};
}

CharsetTools::Progress CharsetTools::convert_single(Charset charset, ByteView in,
                                                    MutableBytes out) noexcept {
  const SingleTable& table = tables_->single[charset];
  Progress done;
  while (done.read < in.size() && out.size() - done.written >= 3) {
    const ByteView rest =
        in.subspan(done.read, std::min(in.size() - done.read, out.size() - done.written));
    const std::size_t ascii = ascii_prefix(rest);
    std::memcpy(out.data() + done.written, rest.data(), ascii);
    done.read += ascii;
    done.written += ascii;
    if (ascii == rest.size() || out.size() - done.written < 3) continue;
    const Character& character = table[in[done.read++]];
    const std::string_view utf8 =
        character.size > 0 ? std::string_view{character.utf8.data(), character.size} : kReplacement;
    std::memcpy(out.data() + done.written, utf8.data(), utf8.size());
    done.written += utf8.size();
  }
  return done;
}

CharsetTools::Progress CharsetTools::convert_iconv(Charset charset, ByteView in, MutableBytes out,
                                                   bool final) noexcept {
  const iconv_t descriptor = tables_->descriptors[charset];
  reset(descriptor);
  char* from = const_cast<char*>(as_text(in).data());
  char* to = reinterpret_cast<char*>(out.data());
  std::size_t in_left = in.size();
  std::size_t out_left = out.size();
  Progress done;
  while (in_left > 0) {
    if (iconv(descriptor, &from, &in_left, &to, &out_left) != static_cast<std::size_t>(-1)) break;
    if (errno == E2BIG || (errno == EINVAL && !final) || out_left < kReplacement.size()) break;
    std::memcpy(to, kReplacement.data(), kReplacement.size());
    to += kReplacement.size();
    out_left -= kReplacement.size();
    ++from;
    --in_left;
    ++done.invalid;
  }
  if (out_left > 0) iconv(descriptor, nullptr, nullptr, &to, &out_left);
  done.read = in.size() - in_left;
  done.written = out.size() - out_left;
  return done;
}

}  // namespace sluice::scan::mime
