#include "tools/sluice/dns_client.h"

#include <poll.h>
#include <sys/random.h>

#include "engine/control/reload.h"
#include "engine/net/kernel/kernel_transport.h"

namespace sluice::tools {
namespace {

constexpr std::uint32_t kConnections = 8;  // over TCP, at once
constexpr int kTurnMs = 20;

std::uint64_t secret_seed() {
  std::uint64_t seed = 0;
  (void)!getrandom(&seed, sizeof seed, 0);
  return seed;
}

net::KernelOptions kernel_options() {
  net::KernelOptions options;
  options.connections_max = kConnections;
  return options;
}

}  // namespace

std::expected<std::unique_ptr<DnsClient>, std::string> DnsClient::create(
    const config::Config& config, const std::string& server) {
  dns::Options options = control::dns_options(config);
  if (!server.empty()) {
    const auto endpoint = Endpoint::parse(server);
    if (!endpoint) return std::unexpected("--resolver " + server + ": write 192.0.2.53:53");
    options.servers = {*endpoint};
  }
  if (options.servers.empty())
    return std::unexpected("no DNS server: [dns] servers, or --resolver 192.0.2.53:53");
  return std::unique_ptr<DnsClient>(new DnsClient(options));
}

DnsClient::DnsClient(const dns::Options& options)
    : transport_(net::make_kernel_transport(kernel_options())),
      datagrams_(net::make_kernel_datagrams(options.queries_max)),
      resolver_(options, transport_.get(), datagrams_.get(), secret_seed()) {}

DnsClient::~DnsClient() = default;

void DnsClient::turn(dns::Inquiry& inquiry) {
  pollfd entries[] = {{datagrams_->wait_descriptor(), POLLIN, 0},
                      {transport_->wait_descriptor(), POLLIN, 0}};
  poll(entries, 2, kTurnMs);
  const Instant now = clock_.now();
  transport_->poll(now);
  while (net::Connection* connection = transport_->next_ready())
    resolver_.on_ready(*connection, now);
  resolver_.poll(now);
  transport_->flush(now);
  for (dns::Resolver::Done done; resolver_.next_done(done);) inquiry.answered(done);
}

}  // namespace sluice::tools
