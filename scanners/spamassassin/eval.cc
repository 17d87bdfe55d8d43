#include "scanners/spamassassin/eval.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/address_list.h"

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

EvalFunction find_eval(std::string_view name) noexcept {
  for (const auto list : {header_evals(), address_evals(), relay_evals(), date_evals()}) {
    const auto found = std::ranges::find(list, name, &NamedEval::name);
    if (found != list.end()) return found->function;
  }
  return nullptr;
}

}  // namespace sluice::scan::sa
