// A BIO over a ByteStream: OpenSSL reads and writes TLS records where they are, without a buffer of
// its own in between.
#pragma once

#include "engine/base/byte_stream.h"
#include "tls/handle.h"

namespace sluice::tls {

// The stream outlives the BIO. Null when memory is short.
BioPtr make_stream_bio(ByteStream& stream) noexcept;

}  // namespace sluice::tls
