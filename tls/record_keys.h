// The keys of one direction of a TLS 1.3 connection after its handshake, and a record sealed or
// opened with them (RFC 8446 5.2, 5.3, 7.2, 7.3).
#pragma once

#include <array>
#include <cstdint>

#include "tls/handle.h"
#include "tls/key_schedule.h"

namespace sluice::tls {

inline constexpr std::size_t kRecordHeader = 5;
inline constexpr std::size_t kRecordTag = 16;  // of every cipher of TLS 1.3 that is on

class RecordKeys {
 public:
  enum class Direction : std::uint8_t { open, seal };

  // `suite` is one of TLS 1.3; records_before: how many went under this secret already. False: no
  // memory, or a suite that is not known here.
  bool start(Direction direction, const SSL_CIPHER* suite, const TrafficSecret& secret,
             std::uint64_t records_before) noexcept;
  // The next generation (RFC 8446 7.2).
  bool update() noexcept;
  std::uint64_t sequence() const noexcept { return sequence_; }

  // `sealed` is a record with its header; its inner plaintext (content, type, padding) goes to
  // `inner`, which has sealed.size() - kRecordHeader - kRecordTag octets. False: it is not
  // authentic; what stands in `inner` then means nothing. The same record can be opened again until
  // next() is called.
  bool open(ByteView sealed, MutableBytes inner) noexcept;
  void next() noexcept { ++sequence_; }
  // Writes a record of `content` with its header to `sealed`, which has room for it; returns its
  // size, 0 = failed.
  std::size_t seal(std::uint8_t type, ByteView content, MutableBytes sealed) noexcept;

 private:
  bool expand(std::string_view label, MutableBytes out) const noexcept;
  bool derive() noexcept;
  bool begin_record(ByteView header) noexcept;

  std::unique_ptr<EVP_CIPHER_CTX, Freer<EVP_CIPHER_CTX_free>> context_;
  TrafficSecret secret_;
  std::array<std::uint8_t, 12> iv_{};
  std::uint64_t sequence_ = 0;
  bool seals_ = false;
};

}  // namespace sluice::tls
