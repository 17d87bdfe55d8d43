// The trace line that every accepted message gets (RFC 5321 4.4).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/ip_address.h"
#include "engine/mail/envelope.h"
#include "engine/mail/ids.h"

namespace sluice::policy {

struct ReceivedClient {  // the certificate of the client, when it was asked for one
  bool asked = false;
  bool shown = false;
  bool verified = false;
  std::string_view subject, issuer;  // common names, as the peer gave them: anything
};

struct ReceivedFields {
  std::string_view helo;  // as the peer gave it: anything
  IpAddress peer;
  std::string_view hostname;      // ours
  bool extended = false;          // EHLO was used
  std::string_view tls_protocol;  // "TLSv1.3"; empty = the message came in the clear
  std::string_view tls_cipher;
  ReceivedClient client;
  Icid icid = 0;
  Mid mid = 0;
  const mail::Envelope* envelope = nullptr;  // a single recipient is named, several are not
  WallTime when;
};

inline constexpr std::size_t kReceivedMax = 2'048;  // octets; enough for any fields

// Returns how many octets were written, CRLF included: at least the whole line when `out` has
// kReceivedMax octets, 0 when it does not fit. Octets of HELO or the recipient that could break the
// header or a comment do not get through.
std::size_t write_received_header(const ReceivedFields& fields, std::span<char> out) noexcept;

}  // namespace sluice::policy
