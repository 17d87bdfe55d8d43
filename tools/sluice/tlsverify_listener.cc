// `sluice tlsverify LISTENER`: what another mail server sees of it, and whether the three names
// agree: the MX record's host, the certificate's, the listener's own.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "engine/control/certificate_commands.h"
#include "engine/control/certificate_store.h"
#include "engine/control/listener_tls.h"
#include "tools/sluice/command.h"
#include "tools/sluice/tls_probe.h"
#include "tools/sluice/tlsverify.h"
#include "tools/sluice/tlsverify_hosts.h"

namespace sluice::tools {
namespace {

using nlohmann::json;

// Where the listener can be reached from here.
Endpoint endpoint_of(const config::Config& config, const config::Listener& listener) {
  Endpoint server{listener.address, listener.tcp_port};
  const auto port = std::ranges::find(config.ports, listener.port_name, &config::Port::name);
  if (server.address.is_unspecified() && port != config.ports.end() && !port->addresses.empty())
    server.address = port->addresses.front().address;
  else if (server.address.is_unspecified())
    server.address = *IpAddress::parse(server.address.is_v4() ? "127.0.0.1" : "::1");
  return server;
}

std::expected<std::vector<std::string>, std::string> mx_of(const config::Config& config,
                                                           const VerifyOptions& options) {
  if (!options.mx.empty()) return options.mx;
  std::vector<std::string> hosts;
  for (const std::string& domain : config.accepted_domains) {
    if (domain.starts_with('.')) continue;  // its subdomains cannot be listed
    auto found = mx_hosts(config, domain, options.resolver);
    if (!found) return std::unexpected(found.error() + " (--mx HOST names it without DNS)");
    for (std::string& host : *found)
      if (std::ranges::find(hosts, host) == hosts.end()) hosts.push_back(std::move(host));
  }
  return hosts;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out.empty() ? "-" : out;
}

// The words of the checkers that postmasters know.
struct Verdict {
  tls::ChainVerdict chain;
  std::vector<std::string> names;     // of the certificate
  std::vector<std::string> mismatch;  // "mail.example.com != mx.example.com"

  bool good() const { return chain.verified && mismatch.empty(); }
};

Verdict judge(const ProbeResult& probe, const tls::Authorities& authorities,
              const std::vector<std::string>& hosts) {
  Verdict verdict;
  const std::vector<tls::CertificatePtr>& chain = probe.chain;
  verdict.chain = tls::verify_chain(chain.front().get(), chain, authorities);
  verdict.names = tls::host_names(chain.front().get());
  for (const std::string& host : hosts)
    if (!tls::is_for_host(chain.front().get(), host))
      verdict.mismatch.push_back(host + " != " + joined(verdict.names));
  return verdict;
}

void print(const ProbeResult& probe, const Verdict& verdict, const config::Listener& listener,
           const std::vector<std::string>& mx, const Endpoint& server) {
  std::printf("Listener %s at %s: %s %s\n", listener.name.c_str(), server.text().c_str(),
              probe.protocol.c_str(), probe.cipher.c_str());
  std::printf("  MX record host  %s\n  certificate     %s\n  listener host   %s\n",
              joined(mx).c_str(), joined(verdict.names).c_str(), listener.hostname.c_str());
  std::printf("Chain as sent\n");
  for (std::size_t i = 0; i < probe.chain.size(); ++i) {
    const tls::CertificateFacts facts = tls::facts_of(probe.chain[i].get());
    std::printf("  %zu %s, %s, serial %s, until %s\n    issuer %s%s\n", i, facts.subject.c_str(),
                facts.key_kind.c_str(), facts.serial.c_str(),
                control::date_text(facts.not_after).c_str(), facts.issuer.c_str(),
                facts.self_signed ? " (self-signed)" : "");
  }
  if (verdict.chain.verified)
    std::printf("Cert OK = OK%s\n", verdict.chain.by_own_authority
                                        ? " (by the CA store; others may not trust that authority)"
                                        : "");
  else
    std::printf("Cert OK = FAIL (%s)\n", verdict.chain.fault.c_str());
  if (verdict.mismatch.empty())
    std::printf("Cert Hostname VERIFIED (%s = %s)\n", joined(mx).c_str(),
                joined(verdict.names).c_str());
  for (const std::string& fault : verdict.mismatch)
    std::printf("Cert Hostname DOES NOT VERIFY (%s)\n", fault.c_str());
}

json json_of(const ProbeResult& probe, const Verdict& verdict, const config::Listener& listener,
             const std::vector<std::string>& mx) {
  json chain = json::array();
  for (const tls::CertificatePtr& certificate : probe.chain)
    chain.push_back(control::certificate_json(tls::facts_of(certificate.get())));
  return {{"listener", listener.name},
          {"hostname", listener.hostname},
          {"mx", mx},
          {"names", verdict.names},
          {"protocol", probe.protocol},
          {"cipher", probe.cipher},
          {"chain", std::move(chain)},
          {"cert_ok", verdict.chain.verified},
          {"fault", verdict.chain.fault},
          {"mismatch", verdict.mismatch},
          {"by_ca_store", verdict.chain.by_own_authority}};
}

}  // namespace

int verify_listener(const config::Config& config, const config::Listener& listener,
                    const VerifyOptions& options) {
  if (listener.tls == config::Tls::off && listener.tls_preferred_from.empty() &&
      listener.tls_required_from.empty())
    return fail("listener \"" + listener.name + "\" has tls = \"off\"");
  const auto mx = mx_of(config, options);
  if (!mx) return fail(mx.error());
  const auto authorities = control::CertificateStore(config.tls.store).authorities();
  if (!authorities) return fail(authorities.error());
  const auto address = Endpoint::parse(options.address);
  if (!options.address.empty() && !address)
    return fail("--address " + options.address + " is no address with TCP port");
  const Endpoint server = address ? *address : endpoint_of(config, listener);
  ProbeTarget target{.address = server,
                     .hostname = config.hostname,
                     .policy = {},
                     .implicit = listener.tls == config::Tls::implicit};
  target.policy.server_name = mx->empty() ? listener.hostname : mx->front();
  const ProbeResult shown = probe(target);
  if (!shown.fault.empty()) return fail(server.text() + ": " + shown.fault);
  if (shown.chain.empty()) return fail("the server showed no certificate");
  std::vector<std::string> hosts = *mx;
  if (std::ranges::find(hosts, listener.hostname) == hosts.end())
    hosts.push_back(listener.hostname);
  const Verdict verdict = judge(shown, *authorities, hosts);
  if (options.as_json)
    std::printf("%s\n", json_of(shown, verdict, listener, *mx).dump(2).c_str());
  else
    print(shown, verdict, listener, *mx, server);
  return verdict.good() ? 0 : 1;
}

}  // namespace sluice::tools
