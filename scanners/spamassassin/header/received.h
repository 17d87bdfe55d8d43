// One Received field, read as far as the many programs that write it allow (RFC 5321 4.4 gives the
// grammar that few keep): who handed the message to whom.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::scan::sa {

struct Relay {
  std::string ip;
  std::string rdns;  // empty: none, or not said
  std::string helo;
  std::string by;
  std::string ident;
  std::string envelope_from;
  std::string id;
  std::string auth;             // how the client proved who it is; empty: not
  bool rdns_looked_up = false;  // the program that wrote it always looks
  bool internal = false;

  bool has_no_rdns() const noexcept { return rdns.empty() && rdns_looked_up; }
  bool is_private() const noexcept;  // an address that is not on the public Internet
  // "[ ip=… rdns=… helo=… by=… ident=… envfrom=… intl=0 id=… auth=… msa=0 ]"
  void append_text(std::string& out) const;
};

struct Received {
  // fetched: a program took the mail from a mailbox; the way began anew.
  enum class Kind { relay, skipped, fetched, unreadable };
  Kind kind = Kind::unreadable;
  Relay relay;
};

// `field` is unfolded. Local hand-overs and those that name no address are skipped.
Received read_received(std::string_view field);
// The address in a field like X-Originating-IP; nothing else is known of that relay.
Received read_client(std::string_view field);

}  // namespace sluice::scan::sa
