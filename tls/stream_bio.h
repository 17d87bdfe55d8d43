// A BIO over a ByteStream: OpenSSL reads and writes TLS records where they are, without a buffer of
// its own in between.
#pragma once

#include "engine/base/byte_stream.h"
#include "tls/handle.h"

namespace sluice::tls {

// The stream outlives the BIO, or another takes its place. Null when memory is short.
BioPtr make_stream_bio(ByteStream& stream) noexcept;
void set_stream(BIO* bio, ByteStream& stream) noexcept;

}  // namespace sluice::tls
