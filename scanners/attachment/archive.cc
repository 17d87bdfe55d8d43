// The glue to libarchive. Only the kind that a file is of is allowed, so that layers of different
// kinds count as files in files (of one kind it undoes up to 25 at once), and no program is run.
#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "scanners/attachment/unpacker.h"

namespace sluice::scan::attachment {
namespace {

struct ArchiveDeleter {
  void operator()(archive* reader) const noexcept { archive_read_free(reader); }
};
using ArchivePtr = std::unique_ptr<archive, ArchiveDeleter>;

// Of a compressed file, which is no archive.
using AllowFilter = int (*)(archive*);
AllowFilter filter_of(FileType type) {
  switch (type) {
    case FileType::gzip: return archive_read_support_filter_gzip;
    case FileType::bzip2: return archive_read_support_filter_bzip2;
    case FileType::xz: return archive_read_support_filter_xz;
    case FileType::zstd: return archive_read_support_filter_zstd;
    case FileType::lz4: return archive_read_support_filter_lz4;
    case FileType::compress: return archive_read_support_filter_compress;
    default: return nullptr;
  }
}

// False for kinds that libarchive does not know.
bool allow_format(FileType type, archive* reader) {
  switch (type) {
    case FileType::zip: return archive_read_support_format_zip(reader) == ARCHIVE_OK;
    case FileType::seven_zip: return archive_read_support_format_7zip(reader) == ARCHIVE_OK;
    case FileType::rar:
      return archive_read_support_format_rar(reader) == ARCHIVE_OK &&
             archive_read_support_format_rar5(reader) == ARCHIVE_OK;
    case FileType::tar: return archive_read_support_format_tar(reader) == ARCHIVE_OK;
    case FileType::cab: return archive_read_support_format_cab(reader) == ARCHIVE_OK;
    case FileType::lha: return archive_read_support_format_lha(reader) == ARCHIVE_OK;
    case FileType::cpio: return archive_read_support_format_cpio(reader) == ARCHIVE_OK;
    case FileType::ar: return archive_read_support_format_ar(reader) == ARCHIVE_OK;
    case FileType::iso: return archive_read_support_format_iso9660(reader) == ARCHIVE_OK;
    case FileType::rpm:
      return archive_read_support_filter_rpm(reader) == ARCHIVE_OK &&
             archive_read_support_filter_gzip(reader) == ARCHIVE_OK &&
             archive_read_support_filter_xz(reader) == ARCHIVE_OK &&
             archive_read_support_filter_zstd(reader) == ARCHIVE_OK &&
             archive_read_support_format_cpio(reader) == ARCHIVE_OK;
    default: return false;
  }
}

bool prepare(FileType type, archive* reader) {
  const AllowFilter filter = filter_of(type);
  if (filter == nullptr) return allow_format(type, reader);
  return archive_read_support_format_raw(reader) == ARCHIVE_OK && filter(reader) == ARCHIVE_OK;
}

// Office documents are archives of files with known names.
void note_office(std::string_view name, ByteView content, Unpacker& unpacker) {
  if (name.ends_with("vbaProject.bin")) unpacker.note(Finding::macro);
  if (name.starts_with("xl/macrosheets/")) unpacker.note(Finding::excel4_macro);
  if (name.find("/embeddings/") != name.npos && name.ends_with(".bin"))
    unpacker.note(Finding::ole_package);
  const std::string_view text = as_text(content);
  if (name.ends_with(".rels") && text.find("/attachedTemplate\"") != text.npos &&
      text.find("TargetMode=\"External\"") != text.npos)
    unpacker.note(Finding::remote_template);
}

enum class Read : std::uint8_t { whole, broken, enough };

// What is wrong with an entry (a checksum, say) is told with its last octets.
Read read_entry(archive* reader, std::vector<std::uint8_t>& content, Unpacker& unpacker) {
  while (true) {
    const void* octets = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;  // beyond what there is: a hole, of zeros
    const int status = archive_read_data_block(reader, &octets, &size, &offset);
    if (status == ARCHIVE_EOF) return Read::whole;
    if (status <= ARCHIVE_FATAL) return Read::broken;
    const std::uint64_t at = std::max<std::uint64_t>(
        content.size(), static_cast<std::uint64_t>(std::max<la_int64_t>(offset, 0)));
    if (octets != nullptr && size > 0) {
      if (!unpacker.spend(at - content.size() + size)) return Read::enough;
      content.resize(at);
      const auto* const first = static_cast<const std::uint8_t*>(octets);
      content.insert(content.end(), first, first + size);
    }
    if (status != ARCHIVE_OK) return Read::broken;
    if (size == 0 && unpacker.over()) return Read::enough;
  }
}

std::string name_of(archive_entry* entry) {
  if (const char* name = archive_entry_pathname_utf8(entry)) return name;
  if (const char* name = archive_entry_pathname(entry)) return name;
  return {};
}

// What "invoice.js.gz" leaves behind, "invoice.js", and "a.tgz" "a.tar".
std::string name_within(std::string_view name) {
  name = name.substr(0, name.find_last_not_of(" .") + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos) return std::string(name);
  const std::string_view extension = name.substr(dot + 1);
  const bool tar = std::ranges::any_of(
      std::initializer_list<std::string_view>{"tgz", "taz", "tbz", "tbz2", "txz", "tzst"},
      [&](std::string_view known) { return equals_ignoring_case(extension, known); });
  return std::string(name.substr(0, dot)) + (tar ? ".tar" : "");
}

// A compressed file may carry the name that it had; programs differ in which they take.
std::string name_of_compressed(std::string_view name, archive_entry* entry, Unpacker& unpacker) {
  if (const std::string own = name_of(entry); own != "data") unpacker.name_only(own);
  return name_within(name);
}

// False: nothing more of this archive.
bool open_entry(archive* reader, archive_entry* entry, const std::string& name,
                Unpacker& unpacker) {
  if (!unpacker.may_open()) return false;
  if (archive_entry_is_encrypted(entry) != 0) {
    unpacker.note(Finding::encrypted);
    unpacker.name_only(name);
    return true;
  }
  if (archive_entry_filetype(entry) == AE_IFDIR) return true;
  std::vector<std::uint8_t> content;
  const Read read = read_entry(reader, content, unpacker);
  if (read == Read::broken) unpacker.note(Finding::broken);
  note_office(name, content, unpacker);
  if (content.empty())
    unpacker.name_only(name);
  else
    unpacker.file(name, {}, content);  // as far as it could be read
  return read != Read::enough;
}

}  // namespace

void open_archive(FileType type, std::string_view file_name, ByteView file, Unpacker& unpacker) {
  const ArchivePtr reader(archive_read_new());
  if (reader == nullptr || !prepare(type, reader.get())) {
    unpacker.note(Finding::limit);  // of a kind that is not looked into
    return;
  }
  if (archive_read_open_memory(reader.get(), file.data(), file.size()) != ARCHIVE_OK) {
    unpacker.note(Finding::broken);
    return;
  }
  const bool compressed = filter_of(type) != nullptr;
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(reader.get(), &entry)) >= ARCHIVE_WARN) {
    if (status == ARCHIVE_EOF) break;
    if (compressed && archive_filter_code(reader.get(), 0) == ARCHIVE_FILTER_NONE) {
      status = ARCHIVE_FATAL;  // it is not compressed at all
      break;
    }
    const std::string name =
        compressed ? name_of_compressed(file_name, entry, unpacker) : name_of(entry);
    if (!open_entry(reader.get(), entry, name, unpacker)) break;
  }
  if (archive_read_has_encrypted_entries(reader.get()) > 0) unpacker.note(Finding::encrypted);
  if (status < ARCHIVE_WARN) unpacker.note(Finding::broken);
}

}  // namespace sluice::scan::attachment
