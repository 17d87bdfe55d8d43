#include "scanners/spamassassin/eval.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/address_list.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

template <typename Visit>
void for_each_field(const HeaderStore& headers, std::string_view name, Visit&& visit) {
  for (std::size_t i = 0; i < headers.size(); ++i)
    if (const HeaderStore::Field field = headers.field(i); equals_ignoring_case(field.name, name))
      visit(field);
}

}  // namespace

std::string MessageEvidence::values(std::string_view field) const {
  std::string text;
  for_each_field(headers, field, [&](const HeaderStore::Field& found) {
    text += found.value;
    text += '\n';
  });
  return text;
}

std::string MessageEvidence::raw_values(std::string_view field) const {
  std::string text;
  if (field == "ALL") {
    for (std::size_t i = 0; i < headers.size(); ++i) {
      const HeaderStore::Field one = headers.field(i);
      text.append(one.name).append(":").append(one.raw).append("\n");
    }
    return text;
  }
  for_each_field(headers, field, [&](const HeaderStore::Field& found) {
    text += found.raw;
    text += '\n';
  });
  return text;
}

std::vector<std::string> MessageEvidence::addresses(std::string_view field) const {
  std::vector<std::string> found;
  for_each_field(headers, field, [&](const HeaderStore::Field& one) {
    for (NamedAddress& mailbox : parse_addresses(one.raw))
      if (mailbox.has_address) found.push_back(std::move(mailbox.address));
  });
  return found;
}

std::string MessageEvidence::first_address(std::string_view field) const {
  std::vector<std::string> found = addresses(field);
  return found.empty() ? std::string() : std::move(found.front());
}

std::string MessageEvidence::envelope_from() const {
  std::string value;
  relays.value_of("EnvelopeFrom", value);
  return value;
}

bool MessageEvidence::has(std::string_view field) const {
  bool found = false;
  for_each_field(headers, field, [&](const HeaderStore::Field&) { found = true; });
  return found;
}

std::vector<std::string> MessageEvidence::senders() const {
  if (std::vector<std::string> resent = addresses("Resent-From"); !resent.empty()) {
    resent.resize(1);
    return resent;
  }
  std::vector<std::string> all;
  const auto add = [&](std::string address) {
    if (!address.empty() && std::ranges::find(all, address) == all.end())
      all.push_back(std::move(address));
  };
  for (const char* field : {"From", "Envelope-Sender", "Resent-Sender", "X-Envelope-From"})
    std::ranges::for_each(addresses(field), add);
  add(envelope_from());
  return all;
}

std::vector<std::string> MessageEvidence::recipients() const {
  std::vector<std::string> all;
  for (const char* field : {"Resent-To", "Resent-Cc"})
    if (std::string first = first_address(field); !first.empty()) all.push_back(std::move(first));
  if (!all.empty()) return all;
  for (const char* field : {"To", "Apparently-To", "Delivered-To", "Envelope-Recipients",
                            "Apparently-Resent-To", "X-Envelope-To", "Envelope-To",
                            "X-Delivered-To", "X-Original-To", "X-Rcpt-To", "X-Real-To", "Cc"})
    std::ranges::move(addresses(field), std::back_inserter(all));
  return all;
}

double Arguments::number(std::size_t i, double otherwise) const noexcept {
  return decimal_of((*this)[i], otherwise);
}

bool Arguments::matches(std::string_view text) const noexcept {
  pcre::Expression::Match match;
  return expression != nullptr && expression->find(as_bytes(text), 0, *tools, match);
}

const NamedEval* find_eval(std::string_view name) noexcept {
  for (const auto list : {header_evals(), address_evals(), relay_evals(), date_evals(),
                          html_evals(), mime_evals(), body_evals(), image_evals(), uri_evals(),
                          freemail_evals(), list_evals(), provider_evals(), bayes_evals()}) {
    const auto found = std::ranges::find(list, name, &NamedEval::name);
    if (found != list.end()) return &*found;
  }
  return nullptr;
}

}  // namespace sluice::scan::sa
