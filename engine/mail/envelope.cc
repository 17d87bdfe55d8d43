// The encoded envelope; integers are little-endian:
//
//   envelope   = version(u8) body(u8) ret(u8) flags(u8) count(u32) string(reverse path)
//                string(ENVID) count * recipient
//   recipient  = notify(u8) string(forward path) string(ORCPT)
//   string     = length(u16) octets
//
// version is 1; flags: bit 0 SMTPUTF8, bit 1 REQUIRETLS, bit 2 TLS-Required: No; body, ret and
// notify are values of the enums. The whole run must be used up: a shorter or longer one is not an
// envelope.
#include "engine/mail/envelope.h"

#include "engine/mail/address.h"

#include "engine/base/contract.h"

namespace sluice::mail {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kFlagSmtpUtf8 = 1;
constexpr std::uint8_t kFlagRequireTls = 2;
constexpr std::uint8_t kFlagTlsOptional = 4;
constexpr std::uint8_t kFlagsAll = kFlagSmtpUtf8 | kFlagRequireTls | kFlagTlsOptional;
constexpr std::size_t kBodyOffset = 1;
constexpr std::size_t kReturnOffset = 2;
constexpr std::size_t kFlagsOffset = 3;
constexpr std::size_t kCountOffset = 4;
constexpr std::size_t kHeadBytes = 8;
constexpr std::size_t kKeptBytes = 1024;  // buffer that a cleared envelope may keep
constexpr std::uint8_t kNotifyAll = kNotifyNever | kNotifySuccess | kNotifyFailure | kNotifyDelay;

void append_string(std::vector<std::uint8_t>& out, std::string_view text) {
  SLUICE_ASSERT(text.size() <= UINT16_MAX);
  out.push_back(static_cast<std::uint8_t>(text.size() & 0xff));
  out.push_back(static_cast<std::uint8_t>(text.size() >> 8));
  out.insert(out.end(), text.begin(), text.end());
}

void store_count(std::vector<std::uint8_t>& out, std::uint32_t count) {
  for (std::size_t i = 0; i < 4; ++i)
    out[kCountOffset + i] = static_cast<std::uint8_t>(count >> (8 * i));
}

std::uint32_t load_count(ByteView bytes) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < 4; ++i)
    count |= static_cast<std::uint32_t>(bytes[kCountOffset + i]) << (8 * i);
  return count;
}

// Reads at `offset`, which must be the start of a whole string, and moves behind it.
std::string_view read_string(ByteView bytes, std::size_t& offset) {
  const std::size_t length = bytes[offset] | static_cast<std::size_t>(bytes[offset + 1]) << 8;
  const std::string_view text = as_text(bytes.subspan(offset + 2, length));
  offset += 2 + length;
  return text;
}

// Moves behind a string; false when it does not fit in the octets.
bool skip_string(ByteView bytes, std::size_t& offset) {
  if (bytes.size() - offset < 2) return false;
  const std::size_t length = bytes[offset] | static_cast<std::size_t>(bytes[offset + 1]) << 8;
  if (bytes.size() - offset - 2 < length) return false;
  offset += 2 + length;
  return true;
}

std::uint8_t flags_of(const SenderParameters& parameters) {
  return static_cast<std::uint8_t>((parameters.smtputf8 ? kFlagSmtpUtf8 : 0) |
                                   (parameters.requiretls ? kFlagRequireTls : 0) |
                                   (parameters.tls_optional ? kFlagTlsOptional : 0));
}

bool skip_recipient(ByteView bytes, std::size_t& offset) {
  if (offset == bytes.size() || bytes[offset] > kNotifyAll) return false;
  ++offset;
  return skip_string(bytes, offset) && skip_string(bytes, offset);
}

bool valid_head(ByteView bytes) {
  return bytes.size() >= kHeadBytes && bytes[0] == kVersion &&
         bytes[kBodyOffset] <= static_cast<std::uint8_t>(BodyType::binary_mime) &&
         bytes[kReturnOffset] <= static_cast<std::uint8_t>(DsnReturn::headers) &&
         bytes[kFlagsOffset] <= kFlagsAll;
}

}  // namespace

void Envelope::clear() noexcept {
  if (bytes_.capacity() > kKeptBytes)
    std::vector<std::uint8_t>().swap(bytes_);
  else
    bytes_.clear();
  first_recipient_ = 0;
  recipient_count_ = 0;
  read_offset_ = 0;
}

void Envelope::set_sender(std::string_view reverse_path, const SenderParameters& parameters) {
  clear();
  bytes_.reserve(kKeptBytes);
  bytes_ = {kVersion, static_cast<std::uint8_t>(parameters.body),
            static_cast<std::uint8_t>(parameters.ret), flags_of(parameters)};
  bytes_.resize(kHeadBytes);
  append_string(bytes_, reverse_path);
  append_string(bytes_, parameters.envid);
  first_recipient_ = bytes_.size();
}

void Envelope::add_recipient(const Recipient& recipient) {
  SLUICE_ASSERT(has_sender());
  bytes_.push_back(recipient.notify);
  append_string(bytes_, recipient.address);
  append_string(bytes_, recipient.orcpt);
  store_count(bytes_, ++recipient_count_);
}

void Envelope::set_tls_optional() noexcept {
  SLUICE_ASSERT(has_sender());
  bytes_[kFlagsOffset] |= kFlagTlsOptional;
}

std::size_t Envelope::encoded_size(const Recipient& recipient) noexcept {
  return 1 + 2 + recipient.address.size() + 2 + recipient.orcpt.size();
}

std::string_view Envelope::reverse_path() const noexcept {
  if (!has_sender()) return {};
  std::size_t offset = kHeadBytes;
  return read_string(bytes_, offset);
}

SenderParameters Envelope::parameters() const noexcept {
  SenderParameters parameters;
  if (!has_sender()) return parameters;
  parameters.body = static_cast<BodyType>(bytes_[kBodyOffset]);
  parameters.ret = static_cast<DsnReturn>(bytes_[kReturnOffset]);
  parameters.smtputf8 = (bytes_[kFlagsOffset] & kFlagSmtpUtf8) != 0;
  parameters.requiretls = (bytes_[kFlagsOffset] & kFlagRequireTls) != 0;
  parameters.tls_optional = (bytes_[kFlagsOffset] & kFlagTlsOptional) != 0;
  std::size_t offset = kHeadBytes;
  read_string(bytes_, offset);
  parameters.envid = read_string(bytes_, offset);
  return parameters;
}

Recipient Envelope::read_recipient(std::size_t& offset) const noexcept {
  Recipient recipient;
  recipient.notify = bytes_[offset++];
  recipient.address = read_string(bytes_, offset);
  recipient.orcpt = read_string(bytes_, offset);
  return recipient;
}

Recipient Envelope::recipient(std::uint32_t rid) const noexcept {
  SLUICE_ASSERT(rid < recipient_count_);
  if (rid < read_rid_ || read_offset_ == 0) {
    read_rid_ = 0;
    read_offset_ = first_recipient_;
  }
  for (;; ++read_rid_) {
    std::size_t end = read_offset_;
    const Recipient recipient = read_recipient(end);
    if (read_rid_ == rid) return recipient;
    read_offset_ = end;
  }
}

std::optional<Envelope> Envelope::decode(ByteView encoded) {
  if (!valid_head(encoded)) return std::nullopt;
  Envelope envelope;
  std::size_t offset = kHeadBytes;
  if (!skip_string(encoded, offset) || !skip_string(encoded, offset)) return std::nullopt;
  envelope.first_recipient_ = offset;
  envelope.recipient_count_ = load_count(encoded);
  // Each recipient takes octets, so a false count ends at the end of the octets.
  for (std::uint32_t rid = 0; rid < envelope.recipient_count_; ++rid)
    if (!skip_recipient(encoded, offset)) return std::nullopt;
  if (offset != encoded.size()) return std::nullopt;
  envelope.bytes_.assign(encoded.begin(), encoded.end());
  return envelope;
}

std::string_view Envelope::common_domain() const noexcept {
  std::string_view domain;
  bool same = true;
  for_each_recipient([&](std::uint32_t rid, const Recipient& recipient) {
    const std::string_view one = domain_of(recipient.address);
    if (rid == 0) domain = one;
    same = same && equals_ignoring_case(one, domain);
  });
  return same ? domain : std::string_view();
}

}  // namespace sluice::mail
