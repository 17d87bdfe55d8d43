// Functions about the way of a message.
#include <algorithm>
#include <array>
#include <optional>

#include "engine/base/bytes.h"
#include "engine/base/ip_address.h"
#include "scanners/spamassassin/eval.h"
#include "scanners/spamassassin/evals/fixed_expression.h"
#include "scanners/spamassassin/evals/relay_facts.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {

std::string message_ids(const MessageEvidence& message) {
  std::string ids;
  for (const char* field :
       {"X-Message-Id", "Resent-Message-Id", "X-Original-Message-ID", "Message-Id"})
    ids += message.facts.values(field);
  return ids;
}

bool lost_received(const MessageEvidence& message, pcre::Tools& tools) {
  static const FixedExpression kEzmlm(R"((?m)^contact \S+@\S+; run by ezmlm$)");
  static const FixedExpression kList(R"((?m)^mailing list \S+@\S+)");
  static const FixedExpression kQmail(
      R"(qmail \d+ invoked (?:from network|by .{3,20})\); \d+ ... \d+)");
  static const FixedExpression kGroups(R"(from groups\.msn\.com \(\S+\.msn\.com )");
  const std::string& received = message.facts.values("Received");
  if (received.empty() || kGroups.matches(received, tools)) return true;
  return kEzmlm.matches(message.facts.values("Mailing-List"), tools) &&
         kList.matches(message.facts.values("Delivered-To"), tools) &&
         kQmail.matches(received, tools);
}

namespace {

int check_all_trusted(const MessageEvidence& message, const Arguments&) {
  const Relays& relays = message.relays;
  return !relays.trusted().empty() && relays.untrusted().empty() && relays.unreadable() == 0;
}

int check_no_relays(const MessageEvidence& message, const Arguments&) {
  const Relays& relays = message.relays;
  return relays.trusted().empty() && relays.untrusted().empty() && relays.unreadable() == 0;
}

int check_relays_unparseable(const MessageEvidence& message, const Arguments&) {
  return message.relays.unreadable() > 0;
}

bool is_ipv4(const std::string& text) {
  return text.find(':') == std::string::npos && IpAddress::parse(text);
}

bool is_public_ipv4(const std::string& text) {
  Relay relay;
  relay.ip = text;
  return is_ipv4(text) && !relay.is_private();
}

// A client that calls itself by an address which is not its own, nor of its /24.
int helo_ip_mismatch(const MessageEvidence& message, const Arguments&) {
  return std::ranges::any_of(message.relays.untrusted(), [](const Relay& relay) {
    return is_public_ipv4(relay.helo) && is_public_ipv4(relay.ip) &&
           relay.helo.substr(0, relay.helo.rfind('.') + 1) !=
               relay.ip.substr(0, relay.ip.rfind('.') + 1);
  });
}

int gated_through_received_hdr_remover(const MessageEvidence& message, const Arguments& arguments) {
  return lost_received(message, *arguments.tools);
}

// The part of a host name that one owner has, roughly.
std::string owner_of(const std::string& host) {
  const auto is_letter = [](char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; };
  if (std::ranges::none_of(host, is_letter)) return host;
  const std::string lower = lower_case(host);
  const std::size_t last = lower.rfind('.');
  if (last == std::string::npos || last == 0) return lower;
  const std::string_view top = std::string_view(lower).substr(last + 1);
  const bool flat = top.size() >= 3 || top == "ie" || top == "fr" || top == "de";
  std::size_t begin = lower.rfind('.', last - 1);
  if (begin == std::string::npos) return lower;
  if (!flat) begin = begin == 0 ? std::string::npos : lower.rfind('.', begin - 1);
  return begin == std::string::npos ? lower : lower.substr(begin + 1);
}

// "example.com": at least one dot, labels of letters, digits, "_" and "-".
bool is_host_name(const std::string& name) {
  const auto is_word = [](char c) {
    return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot < 2 || !is_word(name.front()) || !is_word(name.back()))
    return false;
  const std::string_view top = std::string_view(name).substr(dot + 1);
  return std::ranges::all_of(top, is_word) &&
         std::ranges::all_of(name, [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

// How often a host calls itself otherwise than the next one saw it.
int check_for_forged_received_trail(const MessageEvidence& message, const Arguments&) {
  const auto& relays = message.relays.untrusted();
  int mismatches = 0;
  std::optional<std::string> previous;
  for (std::size_t i = 0; i < relays.size(); ++i) {
    const std::string by = owner_of(relays[i].by);
    std::optional<std::string> from = owner_of(relays[i].rdns);
    if (is_host_name(by)) {
      if ((from == "localhost" || from == "localhost.localdomain") && relays[i].ip == "127.0.0.1")
        from.reset();
      const bool known = by == "msn.com" && previous == "hotmail.com";
      if (i > 0 && previous && is_host_name(*previous) && by != *previous && !known) ++mismatches;
    }
    previous = std::move(from);
  }
  return mismatches > 1;
}

// A client that calls itself by a name which those who own it have a DNS entry for.
int check_for_no_rdns_dotcom_helo(const MessageEvidence& message, const Arguments& arguments) {
  static const FixedExpression kKnown(
      R"((?i)(?:\.|^)(?:lycos\.com|lycos\.co\.uk|hotmail\.com|localhost\.com|excite\.com)"
      R"(|caramail\.com|cs\.com|aol\.com|msn\.com|yahoo\.com|drizzle\.com)$)");
  bool hit = false;  // the oldest says
  for (const Relay& relay : message.relays.untrusted())
    if (!relay.is_private())
      hit = relay.has_no_rdns() && kKnown.matches(relay.helo, *arguments.tools);
  return hit;
}

constexpr auto kEvals = std::to_array<NamedEval>({
    {"check_all_trusted", check_all_trusted},
    {"check_for_forged_received_trail", check_for_forged_received_trail},
    {"check_for_no_rdns_dotcom_helo", check_for_no_rdns_dotcom_helo},
    {"check_no_relays", check_no_relays},
    {"check_relays_unparseable", check_relays_unparseable},
    {"gated_through_received_hdr_remover", gated_through_received_hdr_remover},
    {"helo_ip_mismatch", helo_ip_mismatch},
});

}  // namespace

std::span<const NamedEval> relay_evals() noexcept { return kEvals; }

}  // namespace sluice::scan::sa
