// Functions about the way of a message.
#include <algorithm>
#include <array>

#include "engine/base/bytes.h"
#include "engine/base/ip_address.h"
#include "scanners/spamassassin/eval.h"

namespace sluice::scan::sa {
namespace {

int check_all_trusted(const MessageEvidence& message, Arguments) {
  const Relays& relays = message.relays;
  return !relays.trusted().empty() && relays.untrusted().empty() && relays.unreadable() == 0;
}

int check_no_relays(const MessageEvidence& message, Arguments) {
  const Relays& relays = message.relays;
  return relays.trusted().empty() && relays.untrusted().empty() && relays.unreadable() == 0;
}

int check_relays_unparseable(const MessageEvidence& message, Arguments) {
  return message.relays.unreadable() > 0;
}

bool is_public_ipv4(const std::string& text) {
  const auto address = IpAddress::parse(text);
  Relay relay;
  relay.ip = text;
  return address && text.find(':') == std::string::npos && !relay.is_private();
}

// A client that calls itself by an address which is not its own, nor of its /24.
int helo_ip_mismatch(const MessageEvidence& message, Arguments) {
  return std::ranges::any_of(message.relays.untrusted(), [](const Relay& relay) {
    return is_public_ipv4(relay.helo) && is_public_ipv4(relay.ip) &&
           relay.helo.substr(0, relay.helo.rfind('.') + 1) !=
               relay.ip.substr(0, relay.ip.rfind('.') + 1);
  });
}

// No Received at all, or a list manager that takes them out: what they would say is unknown.
int gated_through_received_hdr_remover(const MessageEvidence& message, Arguments) {
  const std::string received = message.values("Received");
  if (received.empty()) return 1;
  if (message.values("Mailing-List").find("run by ezmlm") != std::string::npos &&
      message.values("Delivered-To").find("mailing list ") != std::string::npos &&
      received.find("(qmail ") != std::string::npos)
    return 1;
  return received.find("from groups.msn.com (") != std::string::npos;
}

constexpr auto kEvals = std::to_array<NamedEval>({
    {"check_all_trusted", check_all_trusted},
    {"check_no_relays", check_no_relays},
    {"check_relays_unparseable", check_relays_unparseable},
    {"gated_through_received_hdr_remover", gated_through_received_hdr_remover},
    {"helo_ip_mismatch", helo_ip_mismatch},
});

}  // namespace

std::span<const NamedEval> relay_evals() noexcept { return kEvals; }

}  // namespace sluice::scan::sa
