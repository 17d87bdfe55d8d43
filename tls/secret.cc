#include "tls/secret.h"

#include <openssl/crypto.h>
#include <sys/prctl.h>

namespace sluice::tls {

void Secret::wipe() noexcept {
  text_.resize(text_.capacity());  // the unused end may have been used
  OPENSSL_cleanse(text_.data(), text_.size());
  text_.clear();
}

void forbid_core_dumps() noexcept { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

}  // namespace sluice::tls
