// The listeners of one configuration as the sessions use them. A reload makes a new set; sessions
// keep the set that they were opened with until they end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/policy/source_rates.h"
#include "engine/smtp/server_session.h"
#include "engine/worker/generation.h"

namespace sluice::worker {

struct ListenerState {
  smtp::ServerSettings settings;
  const config::Listener* config = nullptr;  // within ListenerSet::config
  std::string interface_name;                // in the mail log
  std::shared_ptr<const tls::Context> tls;   // null: off
  policy::Rate handshake_rate{};             // of one source
  struct Source {
    Prefix prefix;
    smtp::ServerSettings settings;  // those of the listener with another level of TLS
  };
  std::vector<Source> sources{};  // the longest prefixes first

  const smtp::ServerSettings& settings_for(const IpAddress& source) const noexcept;
};

struct ListenerSet {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<const policy::BounceTags> bounce_tags;  // null: bounces are not verified
  std::vector<ListenerState> listeners;  // same order and index as config->listeners
  std::uint32_t sessions = 0;            // that still use this set
};

std::unique_ptr<ListenerSet> make_listener_set(const Generation& generation);

}  // namespace sluice::worker
