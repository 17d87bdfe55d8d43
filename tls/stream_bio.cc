#include "tls/stream_bio.h"

#include <algorithm>
#include <cstring>

namespace sluice::tls {
namespace {

ByteStream& stream_of(BIO* bio) noexcept { return *static_cast<ByteStream*>(BIO_get_data(bio)); }

// 1 and a count, or 0: then either a retry makes sense or the peer has finished.
int read(BIO* bio, char* out, std::size_t size, std::size_t* count) noexcept {
  BIO_clear_retry_flags(bio);
  ByteStream& stream = stream_of(bio);
  *count = 0;
  while (*count < size) {
    const ByteView octets = stream.readable();
    if (octets.empty()) break;
    const std::size_t part = std::min(size - *count, octets.size());
    std::memcpy(out + *count, octets.data(), part);
    stream.consume(part);
    *count += part;
  }
  if (*count > 0) return 1;
  if (!stream.read_finished()) BIO_set_retry_read(bio);
  return 0;
}

int write(BIO* bio, const char* octets, std::size_t size, std::size_t* count) noexcept {
  BIO_clear_retry_flags(bio);
  *count = stream_of(bio).write({reinterpret_cast<const std::uint8_t*>(octets), size});
  if (*count > 0) return 1;
  BIO_set_retry_write(bio);
  return 0;
}

long control(BIO* bio, int command, long, void*) noexcept {
  switch (command) {
    case BIO_CTRL_FLUSH: return 1;  // the transport flushes by itself
    case BIO_CTRL_EOF: return stream_of(bio).read_finished() ? 1 : 0;
    default: return 0;
  }
}

BioMethodPtr make_method() noexcept {
  BioMethodPtr method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "byte stream"));
  if (!method) return {};
  BIO_meth_set_read_ex(method.get(), read);
  BIO_meth_set_write_ex(method.get(), write);
  BIO_meth_set_ctrl(method.get(), control);
  return method;
}

}  // namespace

BioPtr make_stream_bio(ByteStream& stream) noexcept {
  static const BioMethodPtr method = make_method();
  BioPtr bio(method ? BIO_new(method.get()) : nullptr);
  if (!bio) return bio;
  set_stream(bio.get(), stream);
  BIO_set_init(bio.get(), 1);
  return bio;
}

void set_stream(BIO* bio, ByteStream& stream) noexcept { BIO_set_data(bio, &stream); }

}  // namespace sluice::tls
