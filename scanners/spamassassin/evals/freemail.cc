// Functions about addresses at providers where anybody gets one.
#include <algorithm>
#include <array>

#include "scanners/spamassassin/eval.h"
#include "scanners/spamassassin/evidence/mail_addresses.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

constexpr std::size_t kBodyAddressesMax = 5;  // a text with as many is a list of contacts …
constexpr std::size_t kBodyFreemailsMax = 3;  // … or with as many of these

bool any_freemail(const MessageEvidence& message, const TextList& addresses) {
  return addresses.any_of(
      [&](std::string_view one) { return message.lists.is_freemail(lower_case(one)); });
}

bool fits(const MessageEvidence& message, const Arguments& arguments, const std::string& address) {
  return message.lists.is_freemail(address) &&
         (arguments.expression == nullptr || arguments.matches(address));
}

// check_freemail_header('Reply-To' [, 'expression'])
int check_freemail_header(const MessageEvidence& message, const Arguments& arguments) {
  const std::string_view field = arguments[0].substr(0, arguments[0].find(':'));
  const auto is = [&](std::string_view one) { return fits(message, arguments, lower_case(one)); };
  if (equals_ignoring_case(field, "EnvelopeFrom")) return is(message.facts.envelope_from());
  return message.facts.addresses(field).any_of(is);
}

int check_freemail_from(const MessageEvidence& message, const Arguments& arguments) {
  return message.facts.senders().any_of(
      [&](std::string_view one) { return fits(message, arguments, lower_case(one)); });
}

// "joe@example.com" of "mailto:joe@example.com?subject=x".
std::string_view first_mailto(std::string_view target) {
  target.remove_prefix(7);
  return target.substr(0, target.find_first_of("?&"));
}

// Those in the text and in links; none when it is full of addresses.
std::vector<std::string> body_freemails(const MessageEvidence& message) {
  std::vector<std::string> all = message.gathered.text().facts().addresses;
  for (const HtmlFacts& html : message.gathered.html().parts())
    for (std::size_t i = 0; i < html.anchor_targets.size(); ++i)
      if (const std::string_view target = html.anchor_targets[i];
          equals_ignoring_case(target.substr(0, 7), "mailto:"))
        find_mail_addresses(first_mailto(target), kMailAddressesMax, all);
  if (all.size() >= kBodyAddressesMax) return {};
  std::erase_if(all, [&](const std::string& one) { return !message.lists.is_freemail(one); });
  if (all.size() >= kBodyFreemailsMax) all.clear();
  return all;
}

int check_freemail_body(const MessageEvidence& message, const Arguments& arguments) {
  const auto addresses = body_freemails(message);
  return std::ranges::any_of(addresses,
                             [&](const std::string& one) { return fits(message, arguments, one); });
}

// A sender in an envelope that programs write.
bool is_bulk_sender(std::string_view address) {
  const std::string user = lower_case(address.substr(0, address.find('@')));
  const auto begins = [&](std::string_view with) { return user.starts_with(with); };
  for (const std::string_view name : {"postmaster", "hostmaster", "domainmaster"})
    if (user == name) return true;
  if (begins("double-bounce")) return user.size() == 13;
  for (const std::string_view with :
       {"sentto-", "owner-", "return-", "bounce-", "bounced-", "grbounce-", "grbounced-"})
    if (begins(with) && user.size() > with.size()) return true;
  for (const std::string_view end : {"-request", "-bounce", "-bounces", "-admin", "-owner"})
    if (user.ends_with(end)) return true;
  const std::size_t equals = user.find('=');
  if (equals != std::string::npos && equals > 0 && equals + 1 < user.size()) return true;
  for (const std::string_view end : {"noreply", "no-reply", "no_reply", "no.reply", "noreplies",
                                     "no-replies", "no_replies", "no.replies"})
    if (user.ends_with(end)) return true;
  return false;
}

// check_freemail_replyto('replyto' | 'reply'): answers go to another free address than the
// sender's.
int check_freemail_replyto(const MessageEvidence& message, const Arguments& arguments) {
  if (is_bulk_sender(message.facts.envelope_from())) return 0;
  const TextList& from = message.facts.addresses("From");
  const TextList& reply_to = message.facts.addresses("Reply-To");
  const bool from_free = any_freemail(message, from);
  const bool reply_to_free = any_freemail(message, reply_to);
  const bool same = from.any_of([&](std::string_view a) {
    return reply_to.any_of([&](std::string_view b) { return equals_ignoring_case(a, b); });
  });
  if (from_free && reply_to_free && !same) return 1;
  const bool either = arguments[0] == "reply";
  if (either ? (!reply_to.empty() && !reply_to_free) || !from_free : !reply_to_free) return 0;
  const auto& replies = !either || reply_to_free ? reply_to : from;
  const auto body = body_freemails(message);
  return std::ranges::any_of(body, [&](const std::string& in_body) {
    return replies.any_of([&](std::string_view reply) { return lower_case(reply) != in_body; });
  });
}

constexpr auto kHeaderEvals = std::to_array<NamedEval>({
    {"check_freemail_from", check_freemail_from, 0},
    {"check_freemail_header", check_freemail_header, 1},
});

constexpr auto kEvals = std::to_array<NamedEval>({
    {"check_freemail_body", check_freemail_body, 0},
    {"check_freemail_replyto", check_freemail_replyto},
});

}  // namespace

std::span<const NamedEval> freemail_header_evals() noexcept { return kHeaderEvals; }
std::span<const NamedEval> freemail_evals() noexcept { return kEvals; }

}  // namespace sluice::scan::sa
