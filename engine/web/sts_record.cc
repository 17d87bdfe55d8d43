#include "engine/web/sts_record.h"

#include <algorithm>

#include "engine/base/ascii_text.h"

namespace sluice::web {
namespace {

constexpr std::size_t kIdCharsMax = 32;
constexpr std::size_t kAddressesMax = 8;
constexpr std::string_view kVersion = "v=STSv1";

bool is_id(std::string_view value) noexcept {
  return !value.empty() && value.size() <= kIdCharsMax &&
         std::ranges::all_of(value, is_ascii_alnum);
}

// sts-extension: a name of up to 32 characters, and printable text without "=" and ";".
bool is_extension(std::string_view name, std::string_view value) noexcept {
  const auto in_name = [](char c) { return is_ascii_alnum(c) || c == '_' || c == '-' || c == '.'; };
  const auto in_value = [](char c) { return c > ' ' && c <= '~' && c != '=' && c != ';'; };
  return !name.empty() && name.size() <= 32 && is_ascii_alnum(name.front()) &&
         std::ranges::all_of(name, in_name) && !value.empty() &&
         std::ranges::all_of(value, in_value);
}

// RFC 8461 3.1: version, then fields between semicolons. Nothing: it is not by the grammar.
std::optional<std::string> id_of(std::string_view record) {
  record.remove_prefix(kVersion.size());
  std::optional<std::string> id;
  while (!record.empty()) {
    const std::size_t start = record.find(';');
    if (start == std::string_view::npos || !trimmed(record.substr(0, start)).empty()) return {};
    record.remove_prefix(start + 1);
    const std::size_t end = std::min(record.find(';'), record.size());
    const std::string_view field = trimmed(record.substr(0, end));
    record.remove_prefix(end);
    if (field.empty()) return record.empty() ? id : std::nullopt;  // a delimiter at the end
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) return {};
    const std::string_view name = field.substr(0, equals), value = field.substr(equals + 1);
    if (name == "id" && is_id(value) && !id)
      id = std::string(value);
    else if (name == "id" || !is_extension(name, value))
      return {};
  }
  return id;
}

// What begins like one; the version ends with its "1" (RFC 8461 3.1).
bool claims_version(std::string_view text) noexcept {
  if (!text.starts_with(kVersion)) return false;
  return trimmed(text.substr(kVersion.size())).starts_with(';');
}

// What may become part of a URL and of a file's name.
bool is_host_name(std::string_view domain) noexcept {
  return std::ranges::all_of(
      domain, [](char c) { return is_ascii_alnum(c) || c == '-' || c == '.' || c == '_'; });
}

}  // namespace

std::optional<std::string> sts_record_id(const std::vector<std::string>& texts) {
  const auto found = std::ranges::find_if(texts, claims_version);
  if (found == texts.end()) return {};
  // Several records: as if there was none.
  if (std::find_if(found + 1, texts.end(), claims_version) != texts.end()) return {};
  return id_of(*found);
}

std::optional<StsQuery> find_sts_query(std::string_view domain, dns::AnswerTable& answers) {
  StsQuery query{.domain = std::string(domain)};
  if (!is_host_name(domain)) return query;
  const dns::Answer* record = answers.find("_mta-sts." + query.domain, dns::Type::txt);
  if (record == nullptr) return {};
  const auto id = sts_record_id(record->texts);
  if (!record->found() || !id) return query;
  query.id = *id;
  const std::string host = "mta-sts." + query.domain;
  bool complete = true;
  for (const dns::Type type : {dns::Type::a, dns::Type::aaaa}) {
    const dns::Answer* answer = answers.find(host, type);
    complete = complete && answer != nullptr;
    if (answer == nullptr) continue;
    query.addresses.insert(query.addresses.end(), answer->addresses.begin(),
                           answer->addresses.end());
  }
  if (!complete) return {};
  if (query.addresses.size() > kAddressesMax) query.addresses.resize(kAddressesMax);
  return query;
}

}  // namespace sluice::web
