// What the operator makes of the replies of next hops: [[reply_rule]].
#pragma once

#include <string_view>

#include "engine/config/config.h"
#include "engine/smtp/client_session.h"

namespace sluice::delivery {

// The first rule for this recipient domain and reply, nullptr when there is none. There is none for
// what no peer has said (code 0), nor for a delivery.
const config::ReplyRule* find_reply_rule(const std::vector<config::ReplyRule>& rules,
                                         std::string_view domain,
                                         const smtp::RecipientResult& result) noexcept;

// Makes a refusal temporary or permanent, as the rule says.
void apply(const config::ReplyRule& rule, smtp::RecipientResult& result) noexcept;

}  // namespace sluice::delivery
