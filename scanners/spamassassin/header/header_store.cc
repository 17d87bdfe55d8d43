#include "scanners/spamassassin/header/header_store.h"

#include <algorithm>
#include <utility>

#include "engine/base/bytes.h"
#include "scanners/mime/encoded_word.h"
#include "scanners/spamassassin/header/address_list.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

// Folds become one space, as ":raw" has it.
void append_unfolded(std::string_view raw, std::string& out) {
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
}

void append_unix_lines(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r' || text.substr(i + 1, 1) != "\n") out += text[i];
}

// Of several fields, or of none.
bool is_made(std::string_view name) noexcept {
  return name.starts_with("ALL") || name == "MESSAGEID" || equals_ignoring_case(name, "ToCc") ||
         equals_ignoring_case(name, "EnvelopeFrom") ||
         equals_ignoring_case(name.substr(0, 7), "X-Spam-");
}

void begin_part(std::string& out) {
  if (!out.empty() && !out.ends_with('\n')) out += '\n';
}

// White space collapsed to one blank, none in front of all that comes behind `begin`.
void append_collapsed(std::string_view text, std::size_t begin, std::string& out) {
  for (const char c : text) {
    const bool blank = is_blank(c);
    if (!blank)
      out += c;
    else if (out.size() > begin && out.back() != ' ')
      out += ' ';
  }
}

// A name as a person sees it: decoded, white space collapsed, no single quotes around.
void append_shown_name(std::string_view name, mime::Workspace& workspace, std::string& out) {
  const std::size_t begin = out.size();
  for (std::size_t at = 0; at < name.size(); at += mime::kFieldPieceBytes)
    append_collapsed(mime::decode_field(name.substr(at, mime::kFieldPieceBytes), workspace), begin,
                     out);
  if (out.size() > begin && out.back() == ' ') out.pop_back();
  if (out.size() == begin) {  // all blank: as it is
    out += mime::decode_field(name.substr(0, mime::kFieldPieceBytes), workspace);
  } else if (out.size() - begin > 1 && out[begin] == '\'' && out.back() == '\'') {
    out.pop_back();
    out.erase(begin, 1);
  }
}

// False when the value names no mailbox that has what is wanted.
bool append_mailboxes(std::string_view value, const HeaderTarget& target,
                      mime::Workspace& workspace, std::string& out) {
  bool found = false;
  AddressReader reader(value);
  for (NamedAddress mailbox; reader.next(mailbox);) {
    const bool address = target.address && mailbox.has_address;
    if (!address && (target.address || !mailbox.has_name)) continue;
    begin_part(out);
    if (address || target.raw)
      out += address ? mailbox.address : mailbox.name;
    else
      append_shown_name(mailbox.name, workspace, out);
    found = true;
  }
  return found;
}

}  // namespace

void HeaderStore::clear() noexcept {
  bytes_.clear();
  raw_.clear();
  value_.clear();
  fields_.clear();
  names_.reset();
  all_bytes_ = in_all_ = 0;
  cut_ = false;
}

std::optional<std::uint8_t> HeaderStore::name_hash(const HeaderTarget& target) noexcept {
  if (is_made(target.field)) return {};
  return hash_of(target.field);
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
    read_ = 0;
  }
  const std::string_view name = piece.name.substr(0, kFieldNameMax);
  cut_ = cut_ || piece.beyond || name.size() < piece.name.size();
  const std::size_t used = bytes_.size() + raw_.size() + value_.size() + name.size();
  if (used + piece.raw.size() + piece.value.size() <= bytes_max_) {
    raw_ += piece.raw;
    if (!piece.beyond) {
      read_ = raw_.size();
      value_ += piece.value;
    }
  }
  if (!piece.last || used > bytes_max_) return;
  Entry entry;
  entry.name = append(name);
  entry.whole = entry.raw = append(raw_);
  entry.raw.size = static_cast<std::uint32_t>(read_);
  entry.value = append(trim(value_));
  entry.hash = hash_of(name);
  fields_.push_back(entry);
  names_.set(entry.hash);
  all_bytes_ += name.size() + entry.value.size + std::string_view(": \n").size();
  if (all_bytes_ <= kAllFieldsMax) ++in_all_;
  cut_ = cut_ || all_bytes_ > kAllFieldsMax;
}

// "ALL:raw" is the header as it came.
template <typename Visit>
void HeaderStore::for_each_of_all(bool raw, std::string& value, Visit&& visit) const {
  for (std::size_t i = 0; i < (raw ? fields_.size() : in_all_); ++i) {
    const Field one = field(i);
    value.assign(one.name).append(raw ? ":" : ": ");
    value.append(raw ? one.whole : one.value).append("\n");
    visit();
  }
}

std::string_view HeaderStore::first(std::string_view name) const noexcept {
  std::string_view found;
  for_each_named(name, [&](const Field& field) {
    found = field.value;
    return false;
  });
  return found;
}

template <typename Visit>
void HeaderStore::for_each_field(std::string_view name, Form form, std::string& value,
                                 Visit&& visit) const {
  for_each_named(name, [&](const Field& field) {
    value.clear();
    switch (form) {
      case Form::value: value = field.value; break;
      case Form::raw: append_unfolded(field.raw, value); break;
      case Form::folded: append_unix_lines(trim(field.raw), value); break;
    }
    value += '\n';
    visit();
    return true;
  });
}

template <typename Visit>
void HeaderStore::for_each_value(const HeaderTarget& target, const Made& made, std::string& value,
                                 Visit&& visit) const {
  const Form form = target.folded                                 ? Form::folded
                    : target.raw || target.address || target.name ? Form::raw
                                                                  : Form::value;
  if (target.field == "ALL") {
    for_each_of_all(target.raw, value, visit);
  } else if (is_made(target.field) && made && made(target.field, value)) {
    visit();
  } else if (equals_ignoring_case(target.field, "ToCc")) {
    for (const char* name : {"To", "Cc"}) for_each_field(name, form, value, visit);
  } else if (target.field == "MESSAGEID") {
    for (const char* name :
         {"X-Message-Id", "Resent-Message-Id", "X-Original-Message-ID", "Message-Id"})
      for_each_field(name, form, value, visit);
  } else {
    for_each_field(target.field, form, value, visit);
  }
}

bool HeaderStore::value_of(const HeaderTarget& target, const Made& made, mime::Workspace& workspace,
                           std::string& out) const {
  out.clear();
  bool found = false, first = true;
  std::string& value = workspace.value;
  value.clear();
  for_each_value(target, made, value, [&] {
    if (target.last) {
      out.clear();
      found = false;
    }
    if (target.first && !std::exchange(first, false)) return;
    if (target.address || target.name) {
      found = append_mailboxes(value, target, workspace, out) || found;
    } else {
      begin_part(out);
      out += value;
      found = true;
    }
  });
  return found;
}

}  // namespace sluice::scan::sa
