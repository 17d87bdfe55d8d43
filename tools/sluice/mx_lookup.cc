#include "tools/sluice/mx_lookup.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::tools {
namespace {

struct Resolver {
  explicit Resolver(const Endpoint* server) {
    ready = res_ninit(&state) == 0;
    if (!ready || server == nullptr) return;
    state.nscount = 1;
    state.nsaddr_list[0] = {};
    state.nsaddr_list[0].sin_family = AF_INET;
    state.nsaddr_list[0].sin_port = htons(server->port);
    inet_pton(AF_INET, server->address.text().c_str(), &state.nsaddr_list[0].sin_addr);
  }
  ~Resolver() { res_nclose(&state); }

  struct __res_state state{};
  bool ready = false;
};

std::vector<std::string> hosts_in(ns_msg& message) {
  std::vector<std::pair<unsigned, std::string>> found;
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr record;
    if (ns_parserr(&message, ns_s_an, i, &record) != 0 || ns_rr_type(record) != ns_t_mx) continue;
    std::array<char, NS_MAXDNAME> host;
    if (ns_rr_rdlen(record) < 3 ||
        ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), ns_rr_rdata(record) + 2,
                           host.data(), host.size()) < 0)
      continue;
    found.emplace_back(ns_get16(ns_rr_rdata(record)), host.data());
  }
  std::ranges::sort(found);
  std::vector<std::string> hosts;
  for (auto& [preference, host] : found) hosts.push_back(std::move(host));
  return hosts;
}

}  // namespace

std::expected<std::vector<std::string>, std::string> mx_hosts(const std::string& domain,
                                                              const Endpoint* resolver) {
  Resolver asked(resolver);
  std::array<unsigned char, 4096> answer;
  ns_msg message;
  if (!asked.ready) return std::unexpected("the resolver cannot be set up");
  const int length =
      res_nquery(&asked.state, domain.c_str(), ns_c_in, ns_t_mx, answer.data(), answer.size());
  if (length < 0 && asked.state.res_h_errno == NO_DATA) return std::vector{domain};
  if (length < 0) return std::unexpected(domain + ": " + hstrerror(asked.state.res_h_errno));
  const int size = std::min<int>(length, answer.size());
  if (ns_initparse(answer.data(), size, &message) != 0)
    return std::unexpected(domain + ": the answer cannot be read");
  auto hosts = hosts_in(message);
  return hosts.empty() ? std::vector{domain} : hosts;
}

}  // namespace sluice::tools
