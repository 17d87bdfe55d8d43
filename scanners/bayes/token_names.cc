#include "scanners/bayes/token_names.h"

#include <array>

namespace sluice::scan::bayes {
namespace {

// By Kind.
constexpr auto kKinds = std::to_array<std::string_view>({"",
                                                         "word",
                                                         "as written",
                                                         "words",
                                                         "beginning",
                                                         "letters",
                                                         "domain of an address",
                                                         "host",
                                                         "path",
                                                         "link",
                                                         "field",
                                                         "value",
                                                         "in disguise",
                                                         "relation",
                                                         "shape",
                                                         "address",
                                                         "part",
                                                         "container",
                                                         "anomaly",
                                                         "figure"});
static_assert(kKinds.size() == static_cast<std::size_t>(Kind::figure) + 1);

}  // namespace

void TokenNames::note(Token token, std::string_view text) {
  const auto kind = static_cast<std::size_t>(kind_of(token));
  std::string name(kKinds[kind < kKinds.size() ? kind : 0]);
  if (!field_.empty()) name.append(" of ").append(field_);
  if (!text.empty()) name.append(" \"").append(text).append("\"");
  names_.try_emplace(token, std::move(name));
}

std::string TokenNames::word(Token word) const {
  const std::string name = of(word);
  const std::size_t from = name.find('"');
  return from == name.npos ? name : name.substr(from + 1, name.size() - from - 2);
}

void TokenNames::note_pair(Token token, Token first, Token second) {
  note(token, word(first) + " " + word(second));
}

std::string TokenNames::of(Token token) const {
  const auto name = names_.find(token);
  if (name != names_.end()) return name->second;
  const auto kind = static_cast<std::size_t>(kind_of(token));
  return std::string(kKinds[kind < kKinds.size() ? kind : 0]);
}

}  // namespace sluice::scan::bayes
