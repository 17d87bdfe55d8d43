// Functions about lists of senders and recipients that the operator keeps.
#include <algorithm>
#include <array>

#include "engine/base/ip_address.h"
#include "scanners/spamassassin/eval.h"
#include "scanners/spamassassin/text.h"
#include "scanners/uri/canonical.h"

namespace sluice::scan::sa {
namespace {

bool any_of(const TextList& addresses, const AddressList& list) {
  return addresses.any_of([&](std::string_view one) { return list.contains(one); });
}

// Those of the message are put together where there is a list alone.
bool has_sender(const MessageEvidence& message, std::string_view name) {
  const AddressList& list = message.lists.addresses(name);
  return !list.empty() && any_of(message.facts.senders(), list);
}

bool has_recipient(const MessageEvidence& message, std::string_view name) {
  const AddressList& list = message.lists.addresses(name);
  return !list.empty() && any_of(message.facts.recipients(), list);
}

int check_from_in_list(const MessageEvidence& message, const Arguments& arguments) {
  return has_sender(message, arguments[0]);
}

int check_to_in_list(const MessageEvidence& message, const Arguments& arguments) {
  return has_recipient(message, arguments[0]);
}

int check_replyto_in_list(const MessageEvidence& message, const Arguments& arguments) {
  const std::string_view address = message.facts.first_address("Reply-To");
  return !address.empty() && message.lists.addresses(arguments[0]).contains(address);
}

// The host that handed the message over last, or where all are trusted any of them.
std::span<const Relay> last_relays(const MessageEvidence& message) {
  const Relays& relays = message.relays;
  if (!relays.untrusted().empty()) return std::span(relays.untrusted()).first(1);
  return relays.trusted();
}

bool is_relay(const Relay& relay, std::string_view listed) {
  if (listed.starts_with('[')) {
    listed = listed.substr(1, listed.find(']') - 1);
    if (listed.find('/') == listed.npos) return relay.ip == listed;
    const auto prefix = Prefix::parse(listed);
    const auto address = IpAddress::parse(relay.ip);
    return prefix && address && prefix->contains(*address);
  }
  return ends_ignoring_case(relay.rdns, listed) &&
         (relay.rdns.size() == listed.size() ||
          relay.rdns[relay.rdns.size() - listed.size() - 1] == '.');
}

bool came_as_listed(const MessageEvidence& message, bool by_default) {
  const auto& listed = message.lists.relayed(by_default);
  if (listed.empty()) return false;
  const std::span<const Relay> relays = last_relays(message);
  return message.facts.senders().any_of([&](std::string_view address) {
    const std::string sender = lower_case(address);
    return std::ranges::any_of(listed, [&](const RelayedSender& one) {
      return matches_glob(sender, one.pattern) &&
             std::ranges::any_of(relays, [&](const Relay& r) { return is_relay(r, one.relay); });
    });
  });
}

int check_from_in_welcomelist(const MessageEvidence& message, const Arguments&) {
  return has_sender(message, "welcomelist_from") || came_as_listed(message, false);
}

int check_from_in_default_welcomelist(const MessageEvidence& message, const Arguments&) {
  return came_as_listed(message, true);
}

int check_from_in_blocklist(const MessageEvidence& message, const Arguments&) {
  return has_sender(message, "blocklist_from");
}

int check_to_in_welcomelist(const MessageEvidence& message, const Arguments&) {
  return has_recipient(message, "welcomelist_to");
}

int check_to_in_blocklist(const MessageEvidence& message, const Arguments&) {
  return has_recipient(message, "blocklist_to");
}

int check_to_in_more_spam(const MessageEvidence& message, const Arguments&) {
  return has_recipient(message, "more_spam_to");
}

int check_to_in_all_spam(const MessageEvidence& message, const Arguments&) {
  return has_recipient(message, "all_spam_to");
}

int subject_in(const MessageEvidence& message, bool welcome) {
  const std::vector<std::string>& listed = message.lists.subjects(welcome);
  if (listed.empty()) return false;
  const std::string values = lower_case(message.facts.values("Subject"));
  const std::string_view subject = trim(values);
  return !subject.empty() && std::ranges::any_of(listed, [&](const std::string& glob) {
    return matches_glob(subject, "*" + glob + "*");
  });
}

int check_subject_in_welcomelist(const MessageEvidence& message, const Arguments&) {
  return subject_in(message, true);
}

int check_subject_in_blocklist(const MessageEvidence& message, const Arguments&) {
  return subject_in(message, false);
}

std::string_view last_label(std::string_view host) { return host.substr(host.rfind('.') + 1); }

// The host that handed the message over is of the envelope sender's domain.
int check_mailfrom_matches_rcvd(const MessageEvidence& message, const Arguments&) {
  const std::string& sender = message.facts.envelope_from();
  const std::size_t at = sender.rfind('@');
  if (at == std::string::npos || sender.find('.', at) == std::string::npos) return 0;
  const std::string_view host = std::string_view(sender).substr(at + 1);
  return std::ranges::any_of(last_relays(message), [&](const Relay& relay) {
    if (relay.rdns.empty() || !equals_ignoring_case(last_label(relay.rdns), last_label(host)))
      return false;  // most, and for little
    const std::string lower = lower_case(host), rdns = lower_case(relay.rdns);
    const std::string_view domain = uri::registered_domain(lower);
    return rdns.ends_with(domain) && uri::registered_domain(rdns) == domain;
  });
}

int have_any_bounce_relays(const MessageEvidence& message, const Arguments&) {
  return !message.book.setting("welcomelist_bounce_relays").empty() ||
         !message.book.setting("whitelist_bounce_relays").empty();
}

constexpr auto kEvals = std::to_array<NamedEval>({
    {"check_from_in_blacklist", check_from_in_blocklist},
    {"check_from_in_blocklist", check_from_in_blocklist},
    {"check_from_in_default_welcomelist", check_from_in_default_welcomelist},
    {"check_from_in_default_whitelist", check_from_in_default_welcomelist},
    {"check_from_in_list", check_from_in_list},
    {"check_from_in_welcomelist", check_from_in_welcomelist},
    {"check_from_in_whitelist", check_from_in_welcomelist},
    {"check_mailfrom_matches_rcvd", check_mailfrom_matches_rcvd},
    {"check_replyto_in_list", check_replyto_in_list},
    {"check_subject_in_blacklist", check_subject_in_blocklist},
    {"check_subject_in_blocklist", check_subject_in_blocklist},
    {"check_subject_in_welcomelist", check_subject_in_welcomelist},
    {"check_subject_in_whitelist", check_subject_in_welcomelist},
    {"check_to_in_all_spam", check_to_in_all_spam},
    {"check_to_in_blacklist", check_to_in_blocklist},
    {"check_to_in_blocklist", check_to_in_blocklist},
    {"check_to_in_list", check_to_in_list},
    {"check_to_in_more_spam", check_to_in_more_spam},
    {"check_to_in_welcomelist", check_to_in_welcomelist},
    {"check_to_in_whitelist", check_to_in_welcomelist},
    {"have_any_bounce_relays", have_any_bounce_relays},
});

}  // namespace

std::span<const NamedEval> list_evals() noexcept { return kEvals; }

}  // namespace sluice::scan::sa
