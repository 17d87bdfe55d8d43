#include "scanners/spamassassin/header_store.h"

#include <algorithm>
#include <array>

#include "engine/base/bytes.h"
#include "scanners/mime/encoded_word.h"
#include "scanners/spamassassin/address_list.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

// Folds become one space, as ":raw" has it.
std::string unfold(std::string_view raw) {
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\r' && raw.substr(i + 1, 1) == "\n") continue;
    if (raw[i] != '\n') {
      out += raw[i];
      continue;
    }
    const std::size_t next = std::min(raw.find_first_not_of(kBlanks, i), raw.size());
    out += next == raw.size() ? '\n' : ' ';
    i = next - 1;
  }
  return out;
}

std::string unix_lines(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r' || text.substr(i + 1, 1) != "\n") out += text[i];
  return out;
}

// A name as a person sees it: decoded unless ":raw", white space collapsed, no single quotes
// around.
std::string shown_name(const std::string& name, bool raw, mime::Workspace& workspace) {
  if (raw) return name;
  const std::string_view decoded = mime::decode_field(name, workspace);
  std::string out;
  for (const char c : decoded) {
    const bool blank = kBlanks.find(c) != std::string_view::npos;
    if (!blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (out.ends_with(' ')) out.pop_back();
  if (out.empty()) return std::string(decoded);  // all blank: as it is
  if (out.size() > 1 && out.front() == '\'' && out.back() == '\'')
    out = out.substr(1, out.size() - 2);
  return out;
}

std::vector<std::string> mailbox_parts(const std::vector<std::string>& values,
                                       const HeaderTarget& target, mime::Workspace& workspace) {
  std::vector<std::string> parts;
  for (const std::string& value : values)
    for (const NamedAddress& mailbox : parse_addresses(value)) {
      if (target.address && mailbox.has_address)
        parts.push_back(mailbox.address);
      else if (target.name && !target.address && mailbox.has_name)
        parts.push_back(shown_name(mailbox.name, target.raw, workspace));
    }
  return parts;
}

}  // namespace

void HeaderStore::clear() noexcept {
  bytes_.clear();
  raw_.clear();
  value_.clear();
  fields_.clear();
}

HeaderStore::Span HeaderStore::append(std::string_view text) {
  const Span span{static_cast<std::uint32_t>(bytes_.size()),
                  static_cast<std::uint32_t>(text.size())};
  bytes_ += text;
  return span;
}

void HeaderStore::add(const mime::HeaderField& piece) {
  if (piece.first) {
    raw_.clear();
    value_.clear();
  }
  const std::size_t used = bytes_.size() + raw_.size() + value_.size() + piece.name.size();
  if (used + piece.raw.size() + piece.value.size() <= bytes_max_) {
    raw_ += piece.raw;
    value_ += piece.value;
  }
  if (!piece.last || used > bytes_max_) return;
  Entry entry;
  entry.name = append(piece.name);
  entry.raw = append(raw_);
  entry.value = append(trim(value_));
  fields_.push_back(entry);
}

HeaderStore::Field HeaderStore::field(std::size_t index) const noexcept {
  const Entry& entry = fields_[index];
  return {text(entry.name), text(entry.raw), text(entry.value)};
}

std::string_view HeaderStore::first(std::string_view name) const noexcept {
  for (const Entry& entry : fields_)
    if (equals_ignoring_case(text(entry.name), name)) return text(entry.value);
  return {};
}

void HeaderStore::add_values(std::string_view name, Form form,
                             std::vector<std::string>& out) const {
  for (const Entry& entry : fields_) {
    if (!equals_ignoring_case(text(entry.name), name)) continue;
    switch (form) {
      case Form::value: out.emplace_back(text(entry.value)); break;
      case Form::raw: out.push_back(unfold(text(entry.raw))); break;
      case Form::folded: out.push_back(unix_lines(trim(text(entry.raw)))); break;
    }
    out.back() += '\n';
  }
}

std::vector<std::string> HeaderStore::plain_values(const HeaderTarget& target,
                                                   const Made& made) const {
  std::vector<std::string> values;
  const Form form = target.folded                                 ? Form::folded
                    : target.raw || target.address || target.name ? Form::raw
                                                                  : Form::value;
  if (target.field == "ALL") {
    for (std::size_t i = 0; i < size(); ++i) {
      const Field one = field(i);
      values.push_back(std::string(one.name) + ":" +
                       (target.raw ? std::string(one.raw) : " " + std::string(one.value)) + "\n");
    }
    return values;
  }
  if (std::string value; made && made(target.field, value)) {
    values.push_back(std::move(value));
    return values;
  }
  if (equals_ignoring_case(target.field, "ToCc")) {
    add_values("To", form, values);
    add_values("Cc", form, values);
    return values;
  }
  if (target.field == "MESSAGEID") {
    for (const char* name :
         {"X-Message-Id", "Resent-Message-Id", "X-Original-Message-ID", "Message-Id"})
      add_values(name, form, values);
    return values;
  }
  add_values(target.field, form, values);
  return values;
}

bool HeaderStore::value_of(const HeaderTarget& target, const Made& made, mime::Workspace& workspace,
                           std::string& out) const {
  out.clear();
  std::vector<std::string> values = plain_values(target, made);
  if (values.empty()) return false;
  if (target.first) values.resize(1);
  if (target.last) values.erase(values.begin(), values.end() - 1);
  if (target.address || target.name) values = mailbox_parts(values, target, workspace);
  if (values.empty()) return false;
  for (const std::string& value : values) {
    if (!out.empty() && !out.ends_with('\n')) out += '\n';
    out += value;
  }
  return true;
}

}  // namespace sluice::scan::sa
