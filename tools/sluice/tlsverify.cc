// `sluice tlsverify`: what a destination's next hops, or a listener, show to TLS, and whether it is
// what the configuration wants. Three names have to agree: the one that is looked for (MX or
// configured), those in the certificate, and the one that the host gives itself.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "engine/control/certificate_commands.h"
#include "engine/control/client_tls.h"
#include "engine/delivery/peer_rule.h"
#include "engine/delivery/route.h"
#include "tools/sluice/report.h"
#include "tools/sluice/tls_probe.h"
#include "tools/sluice/tlsverify.h"
#include "tools/sluice/tlsverify_hosts.h"

namespace sluice::tools {
namespace {

using config::Config;
using nlohmann::json;

std::string date_text(std::int64_t unix_seconds) {
  const std::time_t seconds = unix_seconds;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

std::string wanted_names(const tls::PeerPolicy& policy) {
  std::vector<std::string> names = policy.names;
  names.insert(names.begin(), policy.server_name);
  return fmt::format("{}", fmt::join(names, ", "));
}

void print_chain(const ProbeResult& result) {
  for (std::size_t i = 0; i < result.chain.size(); ++i) {
    const tls::CertificateFacts facts = tls::facts_of(result.chain[i].get());
    fmt::print("  chain {}         {}, {}\n                  issued by {}\n", i, facts.subject,
               facts.key_kind, facts.issuer);
    fmt::print("                  valid from {} to {}\n", date_text(facts.not_before),
               date_text(facts.not_after));
  }
}

json facts_of(const ProbeTarget& target, const ProbeResult& result) {
  json chain = json::array();
  for (const tls::CertificatePtr& certificate : result.chain)
    chain.push_back(control::certificate_json(tls::facts_of(certificate.get())));
  json wanted = target.policy.names;
  wanted.insert(wanted.begin(), target.policy.server_name);
  return {{"address", target.address.text()},
          {"wanted", wanted},
          {"host_name", result.banner},
          {"protocol", result.protocol},
          {"cipher", result.cipher},
          {"chain", chain},
          {"cert_ok", result.fault.empty() && result.verified},
          {"fault", result.fault.empty() ? result.reason : result.fault}};
}

// True when the handshake was done and the certificate is what is wanted. With `rows` nothing is
// printed.
bool report(const ProbeTarget& target, json* rows) {
  const ProbeResult result = probe(target);
  if (rows != nullptr) {
    rows->push_back(facts_of(target, result));
    return result.fault.empty() && result.verified;
  }
  fmt::print("{}\n  wanted name     {}\n", target.address.text(), wanted_names(target.policy));
  if (!result.banner.empty()) fmt::print("  host name       {}\n", result.banner);
  if (!result.fault.empty()) {
    fmt::print("  TLS             FAIL: {}\n", result.fault);
    return false;
  }
  fmt::print("  certificate for {}\n",
             result.chain.empty()
                 ? ""
                 : fmt::format("{}", fmt::join(tls::host_names(result.chain[0].get()), ", ")));
  fmt::print("  TLS             {} {}\n", result.protocol, result.cipher);
  print_chain(result);
  fmt::print("  Cert OK         {}\n", result.verified ? "OK" : "FAIL: " + result.reason);
  return result.verified;
}

// One mail host after the other, each as a delivery would see it.
int verify_mail_hosts(const Config& config, const VerifyOptions& arguments,
                      const config::Route& route, const delivery::PeerRule& rule, json& answer) {
  const auto found = find_verify_hosts(config, arguments, route, rule);
  if (!found) return fail(found.error());
  answer["notes"] = found->notes;
  for (const std::string& note : found->notes)
    if (!arguments.as_json) fmt::print("  {}\n", note);
  if (found->hosts.empty()) return fail(found->fault);
  bool good = true;
  for (const VerifyHost& host : found->hosts) {
    if (!arguments.as_json)
      fmt::print("MX {}{}{}\n", host.name, host.decided_by.empty() ? "" : ", ", host.decided_by);
    good &= report({.address = host.address,
                    .hostname = config.hostname,
                    .policy = host.policy,
                    .implicit = rule.implicit},
                   arguments.as_json ? &answer["hosts"] : nullptr);
  }
  return good ? 0 : 1;
}

int verify_addresses(const Config& config, const VerifyOptions& arguments,
                     const std::vector<Endpoint>& addresses, const delivery::PeerRule& rule,
                     json& answer) {
  ProbeTarget target{
      .address = {}, .hostname = config.hostname, .policy = rule.policy, .implicit = rule.implicit};
  if (target.policy.server_name.empty()) target.policy.server_name = arguments.name;
  bool good = true;
  for (const Endpoint& address : addresses) {
    target.address = address;
    good &= report(target, arguments.as_json ? &answer["hosts"] : nullptr);
  }
  return good ? 0 : 1;
}

int verify_destination(const Config& config, const VerifyOptions& arguments,
                       std::vector<Endpoint> addresses) {
  auto contexts = control::client_tls(config);
  if (!contexts) return fail(contexts.error());
  const auto entry = delivery::find_destination(config.destinations, arguments.name);
  const auto rule =
      delivery::peer_rule(config, *contexts, entry, arguments.name, delivery::TlsWish::configured);
  json answer{{"destination", arguments.name},
              {"tls", tls::name_of(rule.policy.level)},
              {"hosts", json::array()}};
  const auto ended = [&](int status) {
    if (arguments.as_json) print_json(answer);
    return status;
  };
  if (!arguments.as_json)
    fmt::print("destination {}: tls {}\n", arguments.name, tls::name_of(rule.policy.level));
  const auto found = delivery::find_route(config.routes, arguments.name);
  const config::Route route =
      found ? config.routes[*found] : config::Route{.domain = "*", .next_hops = {}};
  if (addresses.empty() && config::looks_up(route))
    return ended(verify_mail_hosts(config, arguments, route, rule, answer));
  const bool by_route = addresses.empty();
  for (const config::NextHop& hop : route.next_hops) {
    if (!by_route) break;
    if (hop.kind != config::NextHop::Kind::socket) {
      addresses.push_back(hop.endpoint);
      continue;
    }
    if (!arguments.as_json) fmt::print("{}: a socket has no TLS\n", hop.text());
    answer["hosts"].push_back({{"address", hop.text()}, {"fault", "a socket has no TLS"}});
  }
  return ended(verify_addresses(config, arguments, addresses, rule, answer));
}

int verify(const Options& options, const VerifyOptions& arguments) {
  const auto config = load_config(options);
  if (config == nullptr) return 1;
  const auto listener =
      std::ranges::find(config->listeners, arguments.name, &config::Listener::name);
  if (listener != config->listeners.end()) return verify_listener(*config, *listener, arguments);
  std::vector<Endpoint> addresses;
  if (!arguments.address.empty()) {
    const auto address = Endpoint::parse(arguments.address);
    if (!address) return fail("--address " + arguments.address + " is no address with TCP port");
    addresses.push_back(*address);
  }
  return verify_destination(*config, arguments, addresses);
}

}  // namespace

void add_tlsverify(CLI::App& app, Options& options) {
  auto* command = app.add_subcommand(
      "tlsverify", "TLS of a destination or listener as a third party sees it: names and chain");
  auto arguments = std::make_shared<VerifyOptions>();
  command->add_option("name", arguments->name, "a destination's domain or a listener")->required();
  command->add_option("--address", arguments->address, "look here: 192.0.2.25:25");
  command->add_option("--mx", arguments->mx, "MX host of a listener, instead of a question to DNS")
      ->allow_extra_args(false);
  command->add_option("--resolver", arguments->resolver,
                      "DNS server instead of the configured ones: 192.0.2.53:53");
  command->add_flag("--json", arguments->as_json, "as JSON");
  command->footer("Example: sluice tlsverify partner.example");
  command->callback([&options, arguments] {
    options.run = [&, arguments] { return verify(options, *arguments); };
  });
}

}  // namespace sluice::tools
