#include "tls/peer_policy.h"

namespace sluice::tls {

std::string_view name_of(Level level) noexcept {
  switch (level) {
    case Level::none: return "none";
    case Level::preferred: return "preferred";
    case Level::required: return "required";
    case Level::preferred_verify: return "preferred-verify";
    case Level::required_verify: return "required-verify";
  }
  return "";
}

bool is_usable(const TlsaRecord& record) noexcept {
  if (record.usage != 2 && record.usage != 3) return false;
  if (record.selector > 1) return false;
  switch (record.matching) {
    case 0: return !record.data.empty();      // the certificate or key itself
    case 1: return record.data.size() == 32;  // SHA-256
    case 2: return record.data.size() == 64;  // SHA-512
    default: return false;
  }
}

}  // namespace sluice::tls
