#include "scanners/spamassassin/header/header_facts.h"

#include <algorithm>

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

void append_line(std::string_view text, std::string& out) {
  for (const char c : text) {
    const bool blank = is_blank(c);
    if (!blank)
      out += c;
    else if (!out.ends_with(' '))
      out += ' ';
  }
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
        text.append(one.name).append(":").append(one.raw).append("\n");
      }
    else
      for_each_field(headers_, field,
                     [&](const HeaderStore::Field& found) { text.append(found.raw) += '\n'; });
  });
}

const std::string& HeaderFacts::values_in_line(std::string_view field) {
  return lines_.of(field, [&](std::string& text) { append_line(values(field), text); });
}

const std::vector<std::string>& HeaderFacts::addresses(std::string_view field) {
  return addresses_.of(field, [&](std::vector<std::string>& found) {
    for_each_field(headers_, field, [&](const HeaderStore::Field& one) {
      for (NamedAddress& mailbox : parse_addresses(one.raw))
        if (mailbox.has_address) found.push_back(std::move(mailbox.address));
    });
  });
}

const std::string& HeaderFacts::first_address(std::string_view field) {
  static const std::string kNone;
  const std::vector<std::string>& found = addresses(field);
  return found.empty() ? kNone : found.front();
}

const std::string& HeaderFacts::envelope_from() {
  return made_.of("EnvelopeFrom",
                  [this](std::string& value) { relays_.value_of("EnvelopeFrom", value); });
}

const std::vector<std::string>& HeaderFacts::senders() {
  return parties_.of("senders", [this](std::vector<std::string>& all) { add_senders(all); });
}

const std::vector<std::string>& HeaderFacts::recipients() {
  return parties_.of("recipients", [this](std::vector<std::string>& all) { add_recipients(all); });
}

void HeaderFacts::add_senders(std::vector<std::string>& all) {
  if (const std::string& resent = first_address("Resent-From"); !addresses("Resent-From").empty()) {
    all.push_back(resent);
    return;
  }
  const auto add = [&](const std::string& address) {
    if (!address.empty() && std::ranges::find(all, address) == all.end()) all.push_back(address);
  };
  for (const char* field : {"From", "Envelope-Sender", "Resent-Sender", "X-Envelope-From"})
    std::ranges::for_each(addresses(field), add);
  add(envelope_from());
}

void HeaderFacts::add_recipients(std::vector<std::string>& all) {
  for (const char* field : {"Resent-To", "Resent-Cc"})
    if (const std::string& first = first_address(field); !first.empty()) all.push_back(first);
  if (!all.empty()) return;
  for (const char* field : {"To", "Apparently-To", "Delivered-To", "Envelope-Recipients",
                            "Apparently-Resent-To", "X-Envelope-To", "Envelope-To",
                            "X-Delivered-To", "X-Original-To", "X-Rcpt-To", "X-Real-To", "Cc"})
    std::ranges::copy(addresses(field), std::back_inserter(all));
}

}  // namespace sluice::scan::sa
