#include "tools/sluice/certconfig_engine.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "tools/sluice/admin_client.h"

namespace sluice::tools {
namespace {

using Hosts = std::vector<std::string>;

void add(Hosts& hosts, const std::string& host) {
  if (std::ranges::find(hosts, host) == hosts.end()) hosts.push_back(host);
}

std::string joined(const Hosts& hosts) {
  std::string text;
  for (const std::string& host : hosts) text += (text.empty() ? "" : ", ") + host;
  return text;
}

}  // namespace

std::string commitment_fault(const config::Config& config, const std::string& host) {
  Hosts written{config.hostname};
  for (const config::Listener& listener : config.listeners) add(written, listener.hostname);
  if (std::ranges::find(written, host) == written.end())
    return host + " is no hostname of " + config.path + "; those are " + joined(written) +
           ". Write it there and reload the engine, then ask again";
  const auto answer = ask_engine(config.admin.socket, {{"command", "certificates"}});
  if (!answer) {
    if (answer.error().fault != AdminFault::not_running) return answer.error().text;
    std::fprintf(stderr, "note: no engine is running; %s counts as committed\n",
                 config.path.c_str());
    return {};
  }
  Hosts running{(*answer)["hostname"].get<std::string>()};
  for (const auto& listener : (*answer)["listeners"])
    add(running, listener["hostname"].get<std::string>());
  if (std::ranges::find(running, host) != running.end()) return {};
  return host + " stands in " + config.path +
         ", but the running engine does not know it yet; its hostnames are " + joined(running) +
         ". Reload the engine, then ask again: a certificate for settings that are not committed "
         "could not be used";
}

std::expected<bool, std::string> reload_engine(const config::Config& config) {
  const auto answer = ask_engine(config.admin.socket, {{"command", "certificates.reload"}});
  if (answer) return true;
  if (answer.error().fault == AdminFault::not_running) return false;
  return std::unexpected(answer.error().text);
}

}  // namespace sluice::tools
