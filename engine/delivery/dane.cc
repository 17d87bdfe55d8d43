#include "engine/delivery/dane.h"

namespace sluice::delivery {
namespace {

using State = DanePolicy::State;

// Where TLSA records may stand (RFC 7672 2.2.2): below the name that CNAMEs lead to when all of
// them are secure, then below the host's own.
struct Bases {
  std::vector<std::string> names;
  std::string trouble;
  bool missing = false;
};

DanePolicy failed(const std::string& trouble) {
  return {.state = State::failed, .trouble = trouble};
}

// The addresses are not secure, but the alias itself may stand in a signed zone.
Bases bases_of_insecure(std::string_view host, bool alias, dns::AnswerTable& answers) {
  Bases bases;
  if (!alias) return bases;
  const dns::Answer* cname = answers.find(host, dns::Type::cname);
  bases.missing = cname == nullptr;
  if (cname == nullptr) return bases;
  if (cname->failed()) bases.trouble = cname->trouble;
  if (cname->found() && cname->secure) bases.names.emplace_back(host);
  return bases;
}

Bases find_bases(std::string_view host, dns::AnswerTable& answers) {
  Bases bases;
  const dns::Answer* of_families[] = {answers.find(host, dns::Type::a),
                                      answers.find(host, dns::Type::aaaa)};
  const dns::Answer* addresses = nullptr;
  bool secure = true;
  for (const dns::Answer* answer : of_families) {
    bases.missing = bases.missing || answer == nullptr;
    if (answer == nullptr || !answer->found()) continue;
    addresses = answer;
    secure = secure && answer->secure;
  }
  if (bases.missing || addresses == nullptr) return bases;
  if (!secure) return bases_of_insecure(host, !addresses->canonical.empty(), answers);
  if (!addresses->canonical.empty()) bases.names.push_back(addresses->canonical);
  bases.names.emplace_back(host);
  return bases;
}

DanePolicy policy_of(const dns::Answer& answer, const std::string& base) {
  DanePolicy policy{.state = State::unusable, .base_domain = base};
  for (const dns::TlsaRecord& record : answer.tlsa) {
    tls::TlsaRecord known{record.usage, record.selector, record.matching, record.data};
    if (tls::is_usable(known)) policy.records.push_back(std::move(known));
  }
  if (!policy.records.empty()) policy.state = State::usable;
  return policy;
}

}  // namespace

std::string_view describe(State state) noexcept {
  switch (state) {
    case State::none: return "no TLSA records";
    case State::usable: return "TLSA records must match";
    case State::unusable: return "TLSA records are unusable: TLS without authentication";
    case State::failed: return "TLSA lookup failed";
  }
  return "";
}

std::optional<DanePolicy> find_dane_policy(std::string_view host, std::uint16_t port,
                                           bool secure_host, dns::AnswerTable& answers) {
  if (!secure_host) return DanePolicy{};
  const Bases bases = find_bases(host, answers);
  if (bases.missing) return {};
  if (!bases.trouble.empty()) return failed(bases.trouble);
  for (const std::string& base : bases.names) {
    const std::string name = "_" + std::to_string(port) + "._tcp." + base;
    const dns::Answer* answer = answers.find(name, dns::Type::tlsa);
    if (answer == nullptr) return {};
    if (answer->failed()) return failed(answer->trouble);
    if (answer->found() && answer->secure) return policy_of(*answer, base);
  }
  return DanePolicy{};
}

}  // namespace sluice::delivery
