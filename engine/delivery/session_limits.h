// What one session with a peer may still carry: our own limit on messages, and what the peer has
// announced with LIMITS (RFC 9422).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/mail/envelope.h"
#include "engine/mail/ids.h"
#include "engine/smtp/capabilities.h"

namespace sluice::delivery {

class SessionLimits {
 public:
  void begin(const smtp::Capabilities& peer, std::uint32_t messages_max);
  // No further message may be started.
  bool used_up(std::uint32_t messages_started) const noexcept {
    return messages_started >= messages_max_ || domains_full_;
  }
  // Leaves those recipients in `rids` that one transaction may have now, and counts their domains.
  // When none may, the session is used up.
  void admit(const mail::Envelope& envelope, std::vector<Rid>& rids);

 private:
  bool admits(std::string_view domain);

  std::uint32_t messages_max_ = 1;
  std::uint32_t recipients_max_ = 0;  // of a transaction, 0 = no limit
  std::uint32_t domains_max_ = 0;     // of the session, 0 = no limit
  std::vector<std::string>
      domains_;  // of recipients so far, lower case; only while there is a limit
  bool domains_full_ = false;
};

}  // namespace sluice::delivery
