#include "tls/record_layer.h"

#include <openssl/err.h>

#include <algorithm>
#include <utility>

namespace sluice::tls {
namespace {

enum ContentType : std::uint8_t { kAlert = 21, kHandshake = 22, kApplicationData = 23 };

constexpr std::uint8_t kCloseNotify = 0, kUserCanceled = 90, kWarning = 1, kFatal = 2;
constexpr std::uint8_t kKeyUpdate = 24;  // RFC 8446 4.6.3
// Records in a row that bring no octets; each costs a peer little and us a decryption.
constexpr int kQuietMax = 32;
// A sixteenth of what AES-GCM bears under one key (RFC 8446 5.5).
constexpr std::uint64_t kRecordsPerKey = 1ULL << 20;

}  // namespace

bool RecordLayer::start(const SSL_CIPHER* suite, const Handover& handover, Carrier& wire) noexcept {
  wire_ = &wire;
  return reader_.start(RecordKeys::Direction::open, suite, handover.secrets.client, 0) &&
         writer_.start(RecordKeys::Direction::seal, suite, handover.secrets.server,
                       handover.server_records);
}

Outcome RecordLayer::read(MutableBytes into, std::size_t& count, bool stays) noexcept {
  count = 0;
  std::array<std::uint8_t, kInnerMax> own;  // for a reader that takes less than a record
  const MutableBytes space = into.size() >= kInnerMax ? into : MutableBytes(own);
  for (;;) {
    Record record;
    if (const Outcome outcome = open(space, record); outcome != Outcome::done) return outcome;
    const ByteView content = record.content.subspan(consumed_);
    if (record.type == kApplicationData && message_size_ == 0 && !content.empty()) {
      quiet_ = 0;
      count = std::min(into.size(), content.size());
      if (content.data() != into.data()) std::memmove(into.data(), content.data(), count);
      if (!stays && count == content.size())
        finish(record);
      else if (!stays)
        consumed_ += count;
      return Outcome::done;
    }
    finish(record);
    if (++quiet_ > kQuietMax) return fail(SSL_R_RECORD_TOO_SMALL, SSL_AD_UNEXPECTED_MESSAGE);
    if (const Outcome outcome = on_control(record); outcome != Outcome::done) return outcome;
  }
}

// The oldest record, if it is whole.
Outcome RecordLayer::open(MutableBytes space, Record& record) noexcept {
  std::array<std::uint8_t, kRecordMax> gathered;  // from the packets in which it came
  const std::size_t arrived = wire_->unread();
  if (arrived >= kRecordHeader) {
    wire_->copy(MutableBytes(gathered).first(kRecordHeader));
    if (!check_header(gathered)) return Outcome::failed;
    record.size = kRecordHeader + (gathered[3] << 8U | gathered[4]);
  }
  if (arrived < kRecordHeader || arrived < record.size) {
    if (!wire_->input_ended()) return Outcome::want_input;
    ERR_raise(ERR_LIB_SSL, SSL_R_UNEXPECTED_EOF_WHILE_READING);
    return Outcome::failed;
  }
  ByteView sealed = wire_->readable();
  if (sealed.size() < record.size) {
    wire_->copy(MutableBytes(gathered).first(record.size));
    sealed = gathered;
  }
  const MutableBytes inner = space.first(record.size - kRecordHeader - kRecordTag);
  if (!reader_.open(sealed.first(record.size), inner))
    return fail(SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, SSL_AD_BAD_RECORD_MAC);
  std::size_t size = inner.size();
  while (size > 0 && inner[size - 1] == 0) --size;
  if (size == 0) return fail(SSL_R_BAD_RECORD_TYPE, SSL_AD_UNEXPECTED_MESSAGE);
  if (size - 1 > kPlainTextMax) return fail(SSL_R_DATA_LENGTH_TOO_LONG, SSL_AD_RECORD_OVERFLOW);
  record.type = inner[size - 1];
  record.content = inner.first(size - 1);
  return Outcome::done;
}

// The version means nothing (RFC 8446 5.1), but who changes it is no TLS peer.
bool RecordLayer::check_header(ByteView header) noexcept {
  const std::size_t length = header[3] << 8U | header[4];
  if (header[0] != kApplicationData) {
    fail(SSL_R_BAD_RECORD_TYPE, SSL_AD_UNEXPECTED_MESSAGE);
  } else if (header[1] != 3) {
    fail(SSL_R_WRONG_VERSION_NUMBER, SSL_AD_PROTOCOL_VERSION);
  } else if (length > kInnerMax + kRecordTag) {
    fail(SSL_R_ENCRYPTED_LENGTH_TOO_LONG, SSL_AD_RECORD_OVERFLOW);
  } else if (length <= kRecordTag) {
    fail(SSL_R_LENGTH_TOO_SHORT, SSL_AD_DECODE_ERROR);
  } else {
    return true;
  }
  return false;
}

// The record goes from the carrier.
void RecordLayer::finish(const Record& record) noexcept {
  for (std::size_t left = record.size; left > 0;) {
    const std::size_t part = std::min(left, wire_->readable().size());
    wire_->consume(part);
    left -= part;
  }
  reader_.next();
  consumed_ = 0;
}

Outcome RecordLayer::on_control(const Record& record) noexcept {
  switch (record.type) {
    case kApplicationData:
      if (message_size_ == 0) return Outcome::done;  // empty, as 5.1 allows
      break;
    case kAlert:
      if (message_size_ == 0) return on_alert(record.content);
      break;
    case kHandshake: return on_handshake(record.content);
    default: break;
  }
  return fail(SSL_R_UNEXPECTED_RECORD, SSL_AD_UNEXPECTED_MESSAGE);
}

Outcome RecordLayer::on_alert(ByteView alert) noexcept {
  if (alert.size() != 2) return fail(SSL_R_INVALID_ALERT, SSL_AD_DECODE_ERROR);
  if (alert[1] == kCloseNotify) return Outcome::closed;
  if (alert[1] == kUserCanceled) return Outcome::done;  // close_notify follows (6.1)
  ERR_raise(ERR_LIB_SSL, SSL_AD_REASON_OFFSET + alert[1]);
  return Outcome::failed;
}

// A client has one thing to say after the handshake: KeyUpdate. It may come in pieces.
Outcome RecordLayer::on_handshake(ByteView octets) noexcept {
  if (octets.empty() || octets.size() > sizeof message_ - message_size_)
    return fail(SSL_R_UNEXPECTED_MESSAGE, SSL_AD_UNEXPECTED_MESSAGE);
  std::memcpy(message_ + message_size_, octets.data(), octets.size());
  message_size_ += octets.size();
  if (message_[0] != kKeyUpdate) return fail(SSL_R_UNEXPECTED_MESSAGE, SSL_AD_UNEXPECTED_MESSAGE);
  if (message_size_ < sizeof message_) return Outcome::done;
  message_size_ = 0;
  if (message_[1] != 0 || message_[2] != 0 || message_[3] != 1)
    return fail(SSL_R_BAD_KEY_UPDATE, SSL_AD_DECODE_ERROR);
  return on_key_update(message_[4]);
}

Outcome RecordLayer::on_key_update(std::uint8_t request) noexcept {
  if (request > 1) return fail(SSL_R_BAD_KEY_UPDATE, SSL_AD_ILLEGAL_PARAMETER);
  if (!reader_.update()) return fail(ERR_R_INTERNAL_ERROR, SSL_AD_INTERNAL_ERROR);
  answer_key_update_ = answer_key_update_ || request == 1;
  return Outcome::done;
}

// The peer is told, if it can be at once.
Outcome RecordLayer::fail(int reason, std::uint8_t alert) noexcept {
  ERR_raise(ERR_LIB_SSL, reason);
  const std::uint8_t octets[] = {kFatal, alert};
  if (unsent_.empty()) send(kAlert, octets);
  return Outcome::failed;
}

Outcome RecordLayer::write(ByteView octets, std::size_t& count) noexcept {
  count = 0;
  if (flush() != Outcome::done) return Outcome::want_output;
  if (unsent_plain_ == 0) {
    if (answer_key_update_ || writer_.sequence() >= kRecordsPerKey)
      if (const Outcome outcome = update_keys(); outcome != Outcome::done) return outcome;
    unsent_plain_ = std::min(octets.size(), kPlainTextMax);
    const Outcome outcome = send(kApplicationData, octets.first(unsent_plain_));
    if (outcome != Outcome::done) return outcome;
  }
  count = std::exchange(unsent_plain_, 0);
  return Outcome::done;
}

Outcome RecordLayer::close() noexcept {
  if (flush() != Outcome::done) return Outcome::want_output;
  const std::uint8_t octets[] = {kWarning, kCloseNotify};
  return send(kAlert, octets);
}

// Both sides change their keys on their own (RFC 8446 4.6.3).
Outcome RecordLayer::update_keys() noexcept {
  const std::uint8_t message[] = {kKeyUpdate, 0, 0, 1, 0};
  const Outcome outcome = send(kHandshake, message);
  if (outcome == Outcome::failed) return outcome;
  answer_key_update_ = false;
  if (!writer_.update()) return fail(ERR_R_INTERNAL_ERROR, SSL_AD_INTERNAL_ERROR);
  return outcome;
}

Outcome RecordLayer::send(std::uint8_t type, ByteView content) noexcept {
  std::array<std::uint8_t, kRecordMax> sealed;
  const std::size_t size = writer_.seal(type, content, sealed);
  if (size == 0) {
    ERR_raise(ERR_LIB_SSL, ERR_R_INTERNAL_ERROR);
    return Outcome::failed;
  }
  const std::size_t taken = wire_->write(ByteView(sealed).first(size));
  if (taken == size) return Outcome::done;
  unsent_.assign(sealed.begin() + static_cast<std::ptrdiff_t>(taken),
                 sealed.begin() + static_cast<std::ptrdiff_t>(size));
  unsent_from_ = 0;
  return Outcome::want_output;
}

Outcome RecordLayer::flush() noexcept {
  if (unsent_.empty()) return Outcome::done;
  unsent_from_ += wire_->write(ByteView(unsent_).subspan(unsent_from_));
  if (unsent_from_ < unsent_.size()) return Outcome::want_output;
  std::vector<std::uint8_t>().swap(unsent_);
  return Outcome::done;
}

}  // namespace sluice::tls
