#include "engine/config/delivery_keys.h"

#include "engine/config/kinds.h"

namespace sluice::config {
namespace {

constexpr std::size_t kWaitsMax = 64;  // in one retry table

std::string_view any_text(std::string_view) { return {}; }

}  // namespace

std::vector<Key<Delivery>> delivery_keys() {
  return {
      {"paused", boolean(&Delivery::paused), "accept and keep mail, deliver none"},
      {"messages_per_connection", integer(&Delivery::messages_per_connection, 1, 100'000),
       "messages sent over one connection"},
      {"connections_first", integer(&Delivery::connections_first, 1, 10'000),
       "connections at once to a next hop at first, per worker; its answers let them grow or "
       "shrink"},
      {"connections_per_destination", integer(&Delivery::connections_per_destination, 1, 10'000),
       "connections at once to one next hop at most, per worker"},
      {"connections", integer(&Delivery::connections, 1, 1'000'000),
       "outbound connections at once, per worker"},
      {"idle_reuse", duration(&Delivery::idle_reuse, {}, minutes(5)),
       "how long a connection waits for another message"},
      {"retry", durations(&Delivery::retry, Least::one, kWaitsMax, seconds(1), hours(24 * 7)),
       "waits after the first, second … failed attempt; the last one goes on until expire"},
      {"retry_spread", integer(&Delivery::retry_spread, 0, 100),
       "per cent of a wait that come on top of it at random"},
      {"expire", duration(&Delivery::expire, minutes(1), hours(24 * 30)),
       "age at which a message is returned"},
      {"bounce_expire", duration(&Delivery::bounce_expire, minutes(1), hours(24 * 30)),
       "age at which a bounce is dropped"},
      {"delay_notice", duration(&Delivery::delay_notice, {}, hours(24 * 30)),
       "age at which the sender is told that a message waits, RFC 3461; 0 = never"},
      {"return_max", size(&Delivery::return_max, 0, 64ULL * 1024 * 1024),
       "largest message that a failure notice returns whole (RET=FULL); else its header"},
      {"connect_timeout", duration(&Delivery::connect_timeout, seconds(1), minutes(10)),
       "wait for a connection"},
      {"command_timeout", duration(&Delivery::command_timeout, seconds(1), hours(1)),
       "wait for a reply, RFC 5321 section 4.5.3.2"},
      {"data_timeout", duration(&Delivery::data_timeout, seconds(1), hours(1)),
       "wait for the reply to a whole message, RFC 5321 section 4.5.3.2.6"},
      {"postmaster", text(&Delivery::postmaster, "a local part or a mailbox", mailbox_fault),
       "sender in the text of bounces and receiver of mail for <postmaster>"},
      {"address_family",
       choice(&Delivery::address_family, {{"ipv6-first", AddressFamily::ipv6_first},
                                          {"ipv4-first", AddressFamily::ipv4_first},
                                          {"ipv6", AddressFamily::ipv6_only},
                                          {"ipv4", AddressFamily::ipv4_only}}),
       "which addresses of a host that DNS names are tried, and which first"},
      {"mx_hosts_max", integer(&Delivery::mx_hosts_max, 1, 100),
       "hosts of one domain that are tried, the most preferred ones"},
  };
}

std::vector<Key<BounceVerification>> bounce_verification_keys() {
  return {
      {"keys", text(&BounceVerification::keys, "a path, or \"\" for no tags", any_text),
       "a file of mode 0600 with the keys of the tags on senders of accepted domains, a line each: "
       "a digit, a space, a secret; the first one signs, the others are still good"},
      {"life", duration(&BounceVerification::life, hours(24), hours(24 * 30)),
       "how long a tag is good"},
      {"untagged",
       choice(&BounceVerification::untagged, {{"accept", UntaggedBounce::accept},
                                              {"mark", UntaggedBounce::mark},
                                              {"reject", UntaggedBounce::reject}}),
       "mail from <> to an accepted domain without a good tag: taken, taken with a header "
       "X-Sluice-Bounce, refused; notices of having been read have none either"},
  };
}

std::vector<Key<ReplyRule>> reply_rule_keys() {
  return {
      {"domain",
       text(&ReplyRule::domain, "\"example.com\", \".example.com\" (its subdomains), \"*\"",
            route_domain_fault),
       "recipient domain; the first matching rule is taken", Need::required},
      {"match", text(&ReplyRule::match, "a pattern with '*' for any text", empty_fault),
       "the whole reply that refuses a recipient, \"55* *mailbox full*\"; case does not count",
       Need::required},
      {"treat",
       choice(&ReplyRule::treat, {{"as-said", ReplyClass::as_said},
                                  {"temporary", ReplyClass::temporary},
                                  {"permanent", ReplyClass::permanent}}),
       "whether the recipient is tried again, whatever the reply's first digit says"},
      {"retry", durations(&ReplyRule::retry, Least::none, kWaitsMax, seconds(1), hours(24 * 7)),
       "waits instead of those of [delivery]; empty = those"},
      {"expire", duration(&ReplyRule::expire, {}, hours(24 * 30)),
       "age at which the recipient is given up, instead of that of [delivery]; 0 = that"},
  };
}

}  // namespace sluice::config
