#include "engine/config/dns_keys.h"

#include "engine/config/kinds.h"

namespace sluice::config {
namespace {

std::string_view any(std::string_view) { return {}; }

std::string_view probe_fault(std::string_view text) {
  return text == "."          ? std::string_view()
         : is_host_name(text) ? std::string_view()
                              : "is not a host name";
}

}  // namespace

std::vector<Key<Dns>> dns_keys() {
  return {
      {"servers",
       parsed_list(&Dns::servers, Least::none, "addresses with UDP port, \"127.0.0.1:53\""),
       "recursive resolvers, asked in this order"},
      {"system", boolean(&Dns::system),
       "without servers, ask those of /etc/resolv.conf; with false, too, there is no DNS"},
      {"via", text(&Dns::via, "the name of a port, or \"\" for kernel sockets", any),
       "the port that questions leave by"},
      {"trust_ad", boolean(&Dns::trust_ad),
       "believe the servers what they say about DNSSEC, once they have shown that they validate: "
       "only over a way that nobody else can write to, best on this host; DANE needs it"},
      {"probe", text(&Dns::probe, "a domain, or \".\"", probe_fault),
       "a signed name: at start its SOA has to come validated"},
      {"timeout", duration(&Dns::timeout, milliseconds(100), minutes(1)), "wait of one try"},
      {"attempts", integer(&Dns::attempts, 1, 10), "tries of each server"},
      {"queries_max", integer(&Dns::queries_max, 1, 60),
       "questions on their way at once, per worker; further ones wait"},
      {"cache_entries", integer(&Dns::cache_entries, 0, 10'000'000),
       "answers kept, per worker, of up to 4 KiB each"},
      {"ttl_max", duration(&Dns::ttl_max, {}, hours(24 * 7)), "longest time an answer is kept"},
      {"negative_ttl_max", duration(&Dns::negative_ttl_max, {}, hours(24)),
       "longest time that absence is remembered, RFC 2308 section 5"},
      {"failure_ttl", duration(&Dns::failure_ttl, seconds(1), minutes(5)),
       "how long a failure is remembered, RFC 9520 section 3.2"},
      {"reverse_timeout", duration(&Dns::reverse_timeout, {}, minutes(1)),
       "longest wait of a banner for the name of the peer; 0 = names are not looked up"},
      {"reverse_lookups_max", integer(&Dns::reverse_lookups_max, 1, 65'536),
       "banners that wait at once, per worker; others do without the name"},
  };
}

// "mx" is the empty list of hosts.
Value<Route> next_hop_value() {
  const auto hosts =
      parsed_list(&Route::next_hops, Least::one,
                  "\"mx\", or a list of \"192.0.2.25:25\", \"example.net\" (its mail hosts), "
                  "\"[smtp.example.net]:587\" (this host), \"unix:/path\"");
  return {
      hosts.allowed,
      [=](const Node& node, Route& out) -> ReadResult {
        if (node.type != Node::Type::text || node.text != "mx") return hosts.read(node, out);
        out.next_hops.clear();
        return {};
      },
      [=](const Route& from) { return from.next_hops.empty() ? quoted("mx") : hosts.show(from); }};
}

}  // namespace sluice::config
