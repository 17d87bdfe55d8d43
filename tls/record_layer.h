// The records of a TLS 1.3 server after OpenSSL's handshake (RFC 8446 5): opened from where TCP
// keeps them to where they are read, so that a connection holds neither buffers nor most of
// OpenSSL's state. A record that lies in several packets is gathered by one copy before. It stays
// with the carrier until it is whole and read to its end. Every fault is put into OpenSSL's error
// queue, under the names that it uses itself.
#pragma once

#include <vector>

#include "engine/base/byte_stream.h"
#include "tls/handover.h"
#include "tls/outcome.h"
#include "tls/record_keys.h"

namespace sluice::tls {

inline constexpr std::size_t kPlainTextMax = 16'384;               // RFC 8446 5.1
inline constexpr std::size_t kInnerMax = kPlainTextMax + 1 + 255;  // with type and padding (5.2)
inline constexpr std::size_t kRecordMax = kRecordHeader + kInnerMax + kRecordTag;

class RecordLayer {
 public:
  // False: no memory, or a cipher suite not known here; then nothing has happened.
  bool start(const SSL_CIPHER* suite, const Handover& handover, Carrier& wire) noexcept;

  // As those of Session. A read into kInnerMax octets and more costs no copy.
  Outcome read(MutableBytes into, std::size_t& count) noexcept { return read(into, count, false); }
  Outcome peek(MutableBytes into, std::size_t& count) noexcept { return read(into, count, true); }
  Outcome write(ByteView octets, std::size_t& count) noexcept;
  Outcome close() noexcept;

 private:
  struct Record {
    std::uint8_t type = 0;
    std::size_t size = 0;  // on the wire
    ByteView content;
  };

  Outcome read(MutableBytes into, std::size_t& count, bool stays) noexcept;
  Outcome open(MutableBytes space, Record& record) noexcept;
  bool check_header(ByteView header) noexcept;
  void finish(const Record& record) noexcept;
  Outcome on_control(const Record& record) noexcept;
  Outcome on_alert(ByteView alert) noexcept;
  Outcome on_handshake(ByteView octets) noexcept;
  Outcome on_key_update(std::uint8_t request) noexcept;
  Outcome fail(int reason, std::uint8_t alert) noexcept;
  Outcome send(std::uint8_t type, ByteView content) noexcept;
  Outcome flush() noexcept;
  Outcome update_keys() noexcept;

  Carrier* wire_ = nullptr;
  RecordKeys reader_, writer_;
  std::size_t consumed_ = 0;      // octets of the oldest record's content that were read
  int quiet_ = 0;                 // records in a row that brought nothing to read
  std::uint8_t message_[5] = {};  // a KeyUpdate of which not all has come
  std::size_t message_size_ = 0;
  bool answer_key_update_ = false;    // before the next octets
  std::vector<std::uint8_t> unsent_;  // of a record that the carrier took in part
  std::size_t unsent_from_ = 0;
  std::size_t unsent_plain_ = 0;  // how many of the writer's octets are in it
};

}  // namespace sluice::tls
