#include "engine/delivery/session_limits.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/policy/recipient_policy.h"

namespace sluice::delivery {

void SessionLimits::begin(const smtp::Capabilities& peer, std::uint32_t messages_max) {
  messages_max_ =
      peer.limits.mail_max == 0 ? messages_max : std::min(messages_max, peer.limits.mail_max);
  recipients_max_ = peer.limits.rcpt_max;
  domains_max_ = peer.limits.rcpt_domain_max;
  domains_.clear();
  domains_full_ = false;
}

void SessionLimits::admit(const mail::Envelope& envelope, std::vector<Rid>& rids) {
  if (recipients_max_ == 0 && domains_max_ == 0) return;
  std::vector<Rid> admitted;
  std::size_t next = 0;
  envelope.for_each_recipient([&](Rid rid, const mail::Recipient& recipient) {
    if (next == rids.size() || rids[next] != rid) return;
    ++next;
    if (recipients_max_ != 0 && admitted.size() >= recipients_max_) return;
    if (admits(policy::domain_of(recipient.address))) admitted.push_back(rid);
  });
  domains_full_ = admitted.empty();
  rids = std::move(admitted);
}

bool SessionLimits::admits(std::string_view domain) {
  if (domains_max_ == 0) return true;
  for (const std::string& known : domains_)
    if (equals_ignoring_case(known, domain)) return true;
  if (domains_.size() >= domains_max_) return false;
  domains_.emplace_back(domain);
  return true;
}

}  // namespace sluice::delivery
