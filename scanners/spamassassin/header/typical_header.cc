#include "scanners/spamassassin/header/typical_header.h"

#include "scanners/spamassassin/pattern/ordinary_mail.h"

namespace sluice::scan::sa {
namespace {

constexpr std::size_t kBytesMax = 64 * 1024;

}  // namespace

TypicalHeader::TypicalHeader() : headers_(kBytesMax) {
  for (const auto& [name, raw] : ordinary_header()) {
    mime::HeaderField field;
    field.name = name;
    field.raw = raw;
    field.value = raw.substr(1);
    headers_.add(field);
  }
  relays_.read(headers_);
}

std::string TypicalHeader::value_of(const HeaderTarget& target) {
  std::string value;
  const HeaderStore::Made made = [this](std::string_view name, std::string& out) {
    return relays_.value_of(name, out);
  };
  headers_.value_of(target, made, workspace_, value);
  return value;
}

}  // namespace sluice::scan::sa
