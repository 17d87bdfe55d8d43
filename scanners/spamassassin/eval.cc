#include "scanners/spamassassin/eval.h"

#include <algorithm>
#include <array>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

template <std::size_t Count>
const NamedEval* find_in(const std::array<std::span<const NamedEval>, Count>& tables,
                         std::string_view name) noexcept {
  for (const auto table : tables) {
    const auto found = std::ranges::find(table, name, &NamedEval::name);
    if (found != table.end()) return &*found;
  }
  return nullptr;
}

}  // namespace

bool MessageEvidence::has(std::string_view field) const noexcept {
  bool found = false;
  headers.for_each_named(field, [&](const HeaderStore::Field&) {
    found = true;
    return false;
  });
  return found;
}

double Arguments::number(std::size_t i, double otherwise) const noexcept {
  return decimal_of((*this)[i], otherwise);
}

bool Arguments::matches(std::string_view text) const noexcept {
  pcre::Expression::Match match;
  return expression != nullptr && expression->find(as_bytes(text), 0, *tools, match);
}

FoundEval find_eval(std::string_view name) noexcept {
  const std::array of_header{header_evals(), address_evals(),         relay_evals(),   date_evals(),
                             list_evals(),   freemail_header_evals(), provider_evals()};
  const std::array of_message{html_evals(),  mime_evals(), form_evals(),     body_evals(),
                              image_evals(), uri_evals(),  freemail_evals(), bayes_evals()};
  if (const NamedEval* eval = find_in(of_header, name)) return {eval, true};
  return {find_in(of_message, name), false};
}

}  // namespace sluice::scan::sa
