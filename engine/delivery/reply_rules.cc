#include "engine/delivery/reply_rules.h"

#include "engine/base/wildcard.h"
#include "engine/policy/recipient_policy.h"

namespace sluice::delivery {

const config::ReplyRule* find_reply_rule(const std::vector<config::ReplyRule>& rules,
                                         std::string_view domain,
                                         const smtp::RecipientResult& result) noexcept {
  if (result.code == 0 || result.outcome == smtp::Outcome::delivered) return nullptr;
  for (const config::ReplyRule& rule : rules)
    if ((rule.domain == "*" || policy::domain_matches(rule.domain, domain)) &&
        matches_wildcard(rule.match, result.reply))
      return &rule;
  return nullptr;
}

void apply(const config::ReplyRule& rule, smtp::RecipientResult& result) noexcept {
  if (rule.treat == config::ReplyClass::temporary) result.outcome = smtp::Outcome::deferred;
  if (rule.treat == config::ReplyClass::permanent) result.outcome = smtp::Outcome::failed;
}

}  // namespace sluice::delivery
