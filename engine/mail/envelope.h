// The envelope of one message: reverse path, parameters, recipients. Held as one flat run of octets
// that is written once by the SMTP server, stored as it is in the queue's commit record and read by
// delivery; its grammar is in envelope.cc. The buffer is reused from message to message.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"

namespace sluice::mail {

enum class BodyType : std::uint8_t { seven_bit, eight_bit_mime, binary_mime };
enum class DsnReturn : std::uint8_t { unspecified, full, headers };  // RET=, RFC 3461 4.3

// NOTIFY= of RFC 3461 4.1, as bits; 0 = not given.
enum Notify : std::uint8_t {
  kNotifyNever = 1,
  kNotifySuccess = 2,
  kNotifyFailure = 4,
  kNotifyDelay = 8,
};

struct SenderParameters {
  BodyType body = BodyType::seven_bit;
  DsnReturn ret = DsnReturn::unspecified;
  bool smtputf8 = false;
  bool requiretls = false;    // RFC 8689 4: over verified TLS only
  bool tls_optional = false;  // "TLS-Required: No" in the header, RFC 8689 5
  std::string_view envid;     // xtext as received
};

struct Recipient {
  std::string_view address;  // forward path without angle brackets, source route removed
  std::uint8_t notify = 0;
  std::string_view orcpt;  // "addr-type;xtext" as received
};

class Envelope {
 public:
  void clear() noexcept;  // keeps a small buffer, returns a large one
  bool has_sender() const noexcept { return !bytes_.empty(); }

  // reverse_path without angle brackets; empty for the null sender.
  void set_sender(std::string_view reverse_path, const SenderParameters& parameters);
  void add_recipient(const Recipient& recipient);

  void set_tls_optional() noexcept;  // known only when the header has come

  std::string_view reverse_path() const noexcept;
  SenderParameters parameters() const noexcept;
  std::uint32_t recipient_count() const noexcept { return recipient_count_; }

  // The domain that all recipients are of; empty when there are several, or none.
  std::string_view common_domain() const noexcept;

  // In order of RCPT; the views live as long as the envelope is unchanged.
  template <typename Visit>
  void for_each_recipient(Visit&& visit) const {
    std::size_t offset = first_recipient_;
    for (std::uint32_t rid = 0; rid < recipient_count_; ++rid) visit(rid, read_recipient(offset));
  }

  // One of them (rid < recipient_count()). Asked for in ascending order, each costs one step.
  Recipient recipient(std::uint32_t rid) const noexcept;

  ByteView encoded() const noexcept { return bytes_; }
  static std::size_t encoded_size(const Recipient& recipient) noexcept;  // what adding it takes
  // nullopt when the octets are not a whole envelope.
  static std::optional<Envelope> decode(ByteView encoded);

 private:
  Recipient read_recipient(std::size_t& offset) const noexcept;

  std::vector<std::uint8_t> bytes_;
  std::size_t first_recipient_ = 0;
  std::uint32_t recipient_count_ = 0;
  // What recipient() has read last; offset 0 = nothing.
  mutable std::uint32_t read_rid_ = 0;
  mutable std::size_t read_offset_ = 0;
};

}  // namespace sluice::mail
