// The functions that "eval:" rules call, by name. Each sees what was gathered of a message and
// answers how often its rule hits, 0 for not at all. Their meaning is that of the functions of the
// same names in Mail::SpamAssassin::Plugin::HeaderEval, RelayEval, FreeMail and others.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanners/pcre/expression.h"
#include "scanners/spamassassin/evidence/gathered.h"
#include "scanners/spamassassin/evidence/listed_hosts.h"
#include "scanners/spamassassin/header/header_facts.h"
#include "scanners/spamassassin/header/header_store.h"
#include "scanners/spamassassin/header/relays.h"
#include "scanners/spamassassin/lists.h"
#include "scanners/spamassassin/rule_book.h"

namespace sluice::scan::sa {

// What functions may look at. Those of the header are called when it is complete, the others when
// the message is.
struct MessageEvidence {
  const HeaderStore& headers;
  HeaderFacts& facts;  // of `headers` and `relays`
  const Relays& relays;
  const RuleBook& book;
  const Lists& lists;
  const Gathered& gathered;
  const ListedHosts& listed_hosts;
  double spam_probability = -1;  // by the classifier; below 0: it has no opinion

  bool has(std::string_view field) const noexcept;
};

// The rule's arguments, and where it stood: some functions look at another text for "rawbody".
struct Arguments {
  std::span<const std::string> words;
  Kind place = Kind::header;
  const pcre::Expression* expression = nullptr;  // of the argument that is one
  pcre::Tools* tools = nullptr;

  std::size_t size() const noexcept { return words.size(); }
  std::string_view operator[](std::size_t i) const noexcept {
    return i < words.size() ? std::string_view(words[i]) : std::string_view();
  }
  double number(std::size_t i, double otherwise = 0) const noexcept;
  bool matches(std::string_view text) const noexcept;  // false without an expression
};
using EvalFunction = int (*)(const MessageEvidence& message, const Arguments& arguments);

struct NamedEval {
  std::string_view name;
  EvalFunction function = nullptr;
  int expression = -1;                        // which argument is a regular expression
  std::span<const std::string_view> words{};  // that arguments may be; empty: anything
};
// Those that look at the header alone, and the others.
std::span<const NamedEval> header_evals() noexcept;
std::span<const NamedEval> address_evals() noexcept;
std::span<const NamedEval> relay_evals() noexcept;
std::span<const NamedEval> date_evals() noexcept;
std::span<const NamedEval> freemail_header_evals() noexcept;
std::span<const NamedEval> list_evals() noexcept;
std::span<const NamedEval> provider_evals() noexcept;

std::span<const NamedEval> html_evals() noexcept;
std::span<const NamedEval> mime_evals() noexcept;
std::span<const NamedEval> form_evals() noexcept;
std::span<const NamedEval> body_evals() noexcept;
std::span<const NamedEval> image_evals() noexcept;
std::span<const NamedEval> uri_evals() noexcept;
std::span<const NamedEval> freemail_evals() noexcept;
std::span<const NamedEval> bayes_evals() noexcept;

struct FoundEval {
  const NamedEval* eval = nullptr;  // or none of that name
  bool of_header = false;           // it looks at the header alone
};
FoundEval find_eval(std::string_view name) noexcept;

}  // namespace sluice::scan::sa
