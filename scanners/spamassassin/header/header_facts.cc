#include "scanners/spamassassin/header/header_facts.h"

#include "engine/base/bytes.h"
#include "scanners/spamassassin/header/address_list.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

template <typename Visit>
void for_each_field(const HeaderStore& headers, std::string_view name, Visit&& visit) {
  headers.for_each_named(name, [&](const HeaderStore::Field& field) {
    visit(field);
    return true;
  });
}

// Into an empty text.
void append_line(std::string_view text, std::string& out) {
  out.resize(text.size());
  char* end = out.data();
  bool gap = false;
  for (const char c : text) {
    const bool blank = is_blank(c);
    *end = blank ? ' ' : c;
    end += !(blank && gap);
    gap = blank;
  }
  out.resize(static_cast<std::size_t>(end - out.data()));
}

}  // namespace

void HeaderFacts::begin() noexcept {
  for (Texts* texts : {&values_, &raw_values_, &lines_, &made_}) texts->forget();
  for (Lists* lists : {&addresses_, &parties_}) lists->forget();
  date_shift_.reset();
}

const std::string& HeaderFacts::values(std::string_view field) {
  return values_.of(field, [&](std::string& text) {
    for_each_field(headers_, field,
                   [&](const HeaderStore::Field& found) { text.append(found.value) += '\n'; });
  });
}

const std::string& HeaderFacts::raw_values(std::string_view field) {
  return raw_values_.of(field, [&](std::string& text) {
    if (field == "ALL")
      for (std::size_t i = 0; i < headers_.size(); ++i) {
        const HeaderStore::Field one = headers_.field(i);
        text.append(one.name).append(":").append(one.whole).append("\n");
      }
    else
      for_each_field(headers_, field,
                     [&](const HeaderStore::Field& found) { text.append(found.raw) += '\n'; });
  });
}

const std::string& HeaderFacts::values_in_line(std::string_view field) {
  return lines_.of(field, [&](std::string& text) { append_line(values(field), text); });
}

const TextList& HeaderFacts::addresses(std::string_view field) {
  return addresses_.of(field, [&](TextList& found) {
    for_each_field(headers_, field, [&](const HeaderStore::Field& one) {
      AddressReader reader(one.raw);
      for (NamedAddress mailbox; reader.next(mailbox);)
        if (mailbox.has_address) found.add(mailbox.address);
    });
  });
}

std::string_view HeaderFacts::first_address(std::string_view field) {
  const TextList& found = addresses(field);
  return found.empty() ? std::string_view() : found[0];
}

const std::string& HeaderFacts::envelope_from() {
  return made_.of("EnvelopeFrom",
                  [this](std::string& value) { relays_.value_of("EnvelopeFrom", value); });
}

const TextList& HeaderFacts::senders() {
  return parties_.of("senders", [this](TextList& all) { add_senders(all); });
}

const TextList& HeaderFacts::recipients() {
  return parties_.of("recipients", [this](TextList& all) { add_recipients(all); });
}

void HeaderFacts::add_senders(TextList& all) {
  if (const TextList& resent = addresses("Resent-From"); !resent.empty()) return all.add(resent[0]);
  const auto add = [&](std::string_view address) {
    const bool known = all.any_of([&](std::string_view one) { return one == address; });
    if (!address.empty() && !known) all.add(address);
  };
  for (const char* field : {"From", "Envelope-Sender", "Resent-Sender", "X-Envelope-From"})
    addresses(field).for_each(add);
  add(envelope_from());
}

void HeaderFacts::add_recipients(TextList& all) {
  for (const char* field : {"Resent-To", "Resent-Cc"})
    if (const std::string_view first = first_address(field); !first.empty()) all.add(first);
  if (!all.empty()) return;
  for (const char* field : {"To", "Apparently-To", "Delivered-To", "Envelope-Recipients",
                            "Apparently-Resent-To", "X-Envelope-To", "Envelope-To",
                            "X-Delivered-To", "X-Original-To", "X-Rcpt-To", "X-Real-To", "Cc"})
    addresses(field).for_each([&](std::string_view address) { all.add(address); });
}

}  // namespace sluice::scan::sa
