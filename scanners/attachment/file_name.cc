#include "scanners/attachment/file_name.h"

#include <algorithm>

#include "engine/base/bytes.h"

namespace sluice::scan::attachment {
namespace {

using enum FileType;

constexpr TypeSet kMarkup = types({html, xml});
constexpr TypeSet kOldOffice = types({ole, zip, rtf}) | kMarkup;  // what programs open under them
constexpr TypeSet kWindows = types({pe, dos});
constexpr TypeSet kText = types({script, batch}) | kMarkup;

// Extensions of ATT&CK T1204.002 and of what mail programs block, and those that stand for
// something that can be told from the content.
constexpr Extension kExtensions[] = {
    {"7z", false, bit(seven_zip), true},
    {"ace", false, bit(ace), true},
    {"ade", true, 0, false},
    {"adp", true, 0, false},
    {"apk", true, bit(zip), true},
    {"appref-ms", true, 0, false},
    {"appx", true, bit(zip), true},
    {"arj", false, bit(arj), true},
    {"asp", true, 0, false},
    {"bas", true, kText, false},
    {"bat", true, kText, false},
    {"bmp", false, kPictures, false},
    {"bz2", false, bit(bzip2), true},
    {"cab", false, bit(cab), true},
    {"chm", true, bit(help), false},
    {"cmd", true, kText, false},
    {"com", true, 0, false},
    {"cpl", true, kWindows, false},
    {"csv", false, kText, false},
    {"dll", true, kWindows, false},
    {"doc", false, kOldOffice, true},
    {"docm", false, types({zip, ole}), true},
    {"docx", false, types({zip, ole}), true},
    {"dot", false, kOldOffice, true},
    {"dotm", false, types({zip, ole}), true},
    {"eml", false, kText, true},
    {"exe", true, kWindows, false},
    {"gif", false, kPictures, false},
    {"gz", false, bit(gzip), true},
    {"hlp", true, 0, false},
    {"hta", true, kText, false},
    {"htm", false, kText, false},
    {"html", false, kText, false},
    {"ics", false, kText, false},
    {"img", true, 0, true},
    {"inf", true, kText, false},
    {"iqy", true, kText, false},
    {"iso", true, bit(iso), true},
    {"jar", true, bit(zip), true},
    {"jnlp", true, kText, false},
    {"jpeg", false, kPictures, false},
    {"jpg", false, kPictures, false},
    {"js", true, kText, false},
    {"jse", true, 0, false},
    {"lha", false, bit(lha), true},
    {"library-ms", true, kText, false},
    {"lnk", true, bit(shortcut), false},
    {"lzh", false, bit(lha), true},
    {"mp3", false, kMedia, false},
    {"mp4", false, kMedia, false},
    {"msc", true, kText, false},
    {"msg", false, bit(ole), true},
    {"msi", true, bit(ole), true},
    {"msp", true, bit(ole), true},
    {"mst", true, bit(ole), true},
    {"one", true, bit(one_note), true},
    {"pdf", false, bit(pdf), true},
    {"php", true, kText, false},
    {"pif", true, 0, false},
    {"pl", true, kText, false},
    {"png", false, kPictures, false},
    {"pps", false, kOldOffice, true},
    {"ppt", false, kOldOffice, true},
    {"pptm", false, types({zip, ole}), true},
    {"pptx", false, types({zip, ole}), true},
    {"ps1", true, kText, false},
    {"py", true, kText, false},
    {"rar", false, bit(rar), true},
    {"reg", true, kText, false},
    {"rtf", false, kOldOffice, true},
    {"scf", true, kText, false},
    {"scr", true, kWindows, false},
    {"sct", true, kText, false},
    {"search-ms", true, kText, false},
    {"sh", true, kText, false},
    {"slk", true, kText, false},
    {"svg", false, kText | bit(gzip), false},
    {"sys", true, kWindows, false},
    {"tar", false, bit(tar), true},
    {"tgz", false, bit(gzip), true},
    {"tif", false, kPictures, false},
    {"tiff", false, kPictures, false},
    {"txt", false, kText, false},
    {"u8msg", false, kText, true},
    {"url", true, kText, false},
    {"vb", true, kText, false},
    {"vbe", true, 0, false},
    {"vbs", true, kText, false},
    {"vcf", false, kText, false},
    {"vhd", true, bit(vhd), true},
    {"vhdx", true, bit(vhdx), true},
    {"webp", false, kPictures, false},
    {"wsc", true, kText, false},
    {"wsf", true, kText, false},
    {"wsh", true, kText, false},
    {"xlam", true, bit(zip), true},
    {"xll", true, kWindows, false},
    {"xls", false, kOldOffice, true},
    {"xlsb", false, types({zip, ole}), true},
    {"xlsm", false, types({zip, ole}), true},
    {"xlsx", false, types({zip, ole}), true},
    {"xml", false, kText, false},
    {"xz", false, bit(xz), true},
    {"z", false, bit(compress), true},
    {"zip", false, bit(zip), true},
    {"zst", false, bit(zstd), true},
};
static_assert(std::ranges::is_sorted(kExtensions, {}, &Extension::name));

const Extension* find_extension(std::string_view name) noexcept {
  const auto* found = std::ranges::lower_bound(kExtensions, name, {}, &Extension::name);
  return found != std::end(kExtensions) && found->name == name ? found : nullptr;
}

constexpr std::size_t kPaddingMin = 5;  // blanks that no person types

struct Declared {
  std::string_view type;
  TypeSet types;
};
constexpr Declared kDeclared[] = {
    {"application/gzip", bit(gzip)},
    {"application/java-archive", bit(zip)},
    {"application/msword", kOldOffice},
    {"application/pdf", bit(pdf)},
    {"application/rtf", kOldOffice},
    {"application/vnd.ms-excel", kOldOffice | kText},
    {"application/vnd.ms-powerpoint", kOldOffice},
    {"application/x-gzip", bit(gzip)},
    {"application/x-rar-compressed", bit(rar)},
    {"application/x-zip-compressed", kArchives},
    {"application/zip", kArchives},
};

char32_t code_point(std::string_view text, std::size_t& at) noexcept {
  const auto octet = [&](std::size_t i) {
    return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
  };
  const std::uint8_t first = octet(at);
  if (first < 0xe0 || first >= 0xf0) {
    ++at;
    return first;
  }
  const char32_t code =
      (first & 0xfU) << 12 | (octet(at + 1) & 0x3fU) << 6 | (octet(at + 2) & 0x3fU);
  at += 3;
  return code;
}

bool turns_text(char32_t code) noexcept {
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

bool shows_nothing(char32_t code) noexcept {
  return code < 0x20 || code == 0x7f || (code >= 0x200b && code <= 0x200f) || code == 0x2060 ||
         code == 0xfeff;
}

}  // namespace

FileName::FileName(std::string_view name) noexcept {
  note_characters(name);
  const std::size_t separator = name.find_last_of("/\\");
  if (separator != name.npos) name.remove_prefix(separator + 1);
  const std::size_t end = name.find_last_not_of(" .") + 1;
  if (end < name.size() && end > 0) {
    note(NameSign::trailing);
    name = name.substr(0, end);
  }
  take_extension(name);
}

void FileName::note_characters(std::string_view name) noexcept {
  for (std::size_t at = 0; at < name.size();) {
    const char32_t code = code_point(name, at);
    if (turns_text(code)) note(NameSign::text_direction);
    if (shows_nothing(code)) note(NameSign::hidden);
  }
  if (name.find("../") != name.npos || name.find("..\\") != name.npos || name.starts_with('/') ||
      (name.size() > 2 && name[1] == ':' && name[2] == '\\'))
    note(NameSign::path);
}

void FileName::take_extension(std::string_view name) noexcept {
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos) return;
  const std::string_view last = name.substr(dot + 1);
  if (last.starts_with('{') && last.ends_with('}') && last.size() == 38) note(NameSign::class_id);
  for (const char c : last) {
    if (size_ == extension_.size()) {
      size_ = 0;  // longer than any that means something
      return;
    }
    if (static_cast<std::uint8_t>(c) > ' ' && static_cast<std::uint8_t>(c) < 0x7f)
      extension_[size_++] = ascii_lower(c);
  }
  known_ = find_extension(extension());
  if (known_ == nullptr || !known_->runs) return;

  std::string_view front = name.substr(0, dot);
  const std::size_t shown = front.find_last_not_of(' ') + 1;
  if (front.size() - shown >= kPaddingMin) note(NameSign::padded);
  front = front.substr(0, shown);
  const std::size_t inner = front.rfind('.');
  if (inner == front.npos) return;
  std::array<char, 12> lower{};
  const std::string_view middle = front.substr(inner + 1);
  if (middle.size() > lower.size()) return;
  std::ranges::transform(middle, lower.begin(), ascii_lower);
  const Extension* claimed = find_extension({lower.data(), middle.size()});
  if (claimed != nullptr && !claimed->runs) note(NameSign::double_extension);
}

TypeSet types_declared(std::string_view type) noexcept {
  for (const Declared& declared : kDeclared)
    if (declared.type == type) return declared.types;
  if (type.starts_with("application/vnd.openxmlformats-officedocument.")) return types({zip, ole});
  if (type == "image/svg+xml") return kText | bit(gzip);
  if (type.starts_with("image/")) return kPictures;
  if (type.starts_with("audio/") || type.starts_with("video/")) return kMedia;
  return type.starts_with("text/") ? kText | bit(rtf) : 0;
}

}  // namespace sluice::scan::attachment
