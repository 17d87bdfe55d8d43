// The way of a message by its Received fields, newest first, and where trust ends: what
// X-Spam-Relays-* of header rules shows. Without networks that the operator named, a hand-over is
// trusted while the client had a private address or proved who it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scanners/spamassassin/header/header_store.h"
#include "scanners/spamassassin/header/received.h"

namespace sluice::scan::sa {

inline constexpr std::size_t kRelaysMax = 100;  // Received fields that are read

class Relays {
 public:
  void read(const HeaderStore& headers);

  const std::vector<Relay>& trusted() const noexcept { return trusted_; }
  const std::vector<Relay>& untrusted() const noexcept { return untrusted_; }
  std::size_t unreadable() const noexcept { return unreadable_; }

  // Fields that are made and not sent: X-Spam-Relays-Trusted, -Untrusted, -Internal, -External and
  // EnvelopeFrom. False for other names, and for what has no value.
  bool value_of(std::string_view name, std::string& value) const;

 private:
  std::vector<Relay> trusted_;
  std::vector<Relay> untrusted_;
  std::string trusted_text_, untrusted_text_;  // what X-Spam-Relays-* shows
  std::size_t unreadable_ = 0;
  std::size_t trusted_fields_ = 0;        // Received fields before the first that is not trusted
  const HeaderStore* headers_ = nullptr;  // read() last
  std::string envelope_from_;
  bool has_envelope_from_ = false;

  bool fields_of(std::string_view side, std::string& value) const;
  void read_clients();
  void find_envelope_from(const HeaderStore& headers);
};

}  // namespace sluice::scan::sa
