// Archives that a file's first octets do not tell of: programs find them from their end, behind
// what was put in front of them, or take the name's word for it.
#pragma once

#include "scanners/attachment/file_name.h"
#include "scanners/attachment/file_type.h"

namespace sluice::scan::attachment {

struct Archive {
  FileType type = FileType::unknown;  // there is none
  ByteView octets{};                  // of the file
};

// The archives and disk images that the name, or else the declared type, allows; 0: it may be
// something else as well.
TypeSet archives_claimed(const FileName& name, std::string_view declared) noexcept;

// The kind to read a file as that claims to be one of these, and is not known to be any.
FileType first_of(TypeSet claimed) noexcept;

// `type` is what sniff() says. Something else than an archive is searched for one only where it
// claims to be one.
Archive find_archive(FileType type, ByteView file, TypeSet claimed) noexcept;

}  // namespace sluice::scan::attachment
