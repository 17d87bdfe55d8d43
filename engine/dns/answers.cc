#include "engine/dns/answers.h"

#include <algorithm>

#include "engine/dns/name.h"

namespace sluice::dns {
namespace {

const Answer kNotAName{.trouble = "not a domain name"};
const Answer kTooMany{.trouble = "too many DNS questions"};

}  // namespace

std::string_view type_name(Type type) noexcept {
  switch (type) {
    case Type::a: return "A";
    case Type::cname: return "CNAME";
    case Type::soa: return "SOA";
    case Type::ptr: return "PTR";
    case Type::mx: return "MX";
    case Type::txt: return "TXT";
    case Type::aaaa: return "AAAA";
    case Type::tlsa: return "TLSA";
  }
  return "?";
}

std::string Question::text() const {
  return (name.empty() ? "." : name) + ' ' + std::string(type_name(type));
}

const Answer* AnswerTable::find(std::string_view name, Type type) {
  auto normal = normal_name(name);
  if (!normal) return &kNotAName;
  Question question{std::move(*normal), type};
  const auto known = answers_.find(question);
  if (known != answers_.end()) return known->second.get();
  if (answers_.size() + wanted_.size() >= kAnswersMax) return &kTooMany;
  if (std::ranges::find(wanted_, question) == wanted_.end()) wanted_.push_back(std::move(question));
  return nullptr;
}

void AnswerTable::put(const Question& question, AnswerRef answer) {
  std::erase(wanted_, question);
  answers_[question] = std::move(answer);
}

Instant AnswerTable::expires() const noexcept {
  Instant first = Instant::never();
  for (const auto& [question, answer] : answers_) first = std::min(first, answer->expires);
  return first;
}

}  // namespace sluice::dns
