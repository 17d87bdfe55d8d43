#include "tls/failure.h"

#include <openssl/err.h>

#include <algorithm>

namespace sluice::tls {

// Clearing touches every slot of the queue; looking whether it is empty touches one.
void clear_errors() noexcept {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

Failure take_failure(std::string_view otherwise) noexcept {
  Failure failure;
  failure.code = ERR_get_error();
  if (failure.code != 0) {
    ERR_error_string_n(failure.code, failure.text.data(), failure.text.size());
  } else {
    const std::size_t length = std::min(otherwise.size(), failure.text.size() - 1);
    std::copy_n(otherwise.begin(), length, failure.text.begin());
  }
  ERR_clear_error();
  return failure;
}

}  // namespace sluice::tls
