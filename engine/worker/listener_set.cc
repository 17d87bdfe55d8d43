#include "engine/worker/listener_set.h"

namespace sluice::worker {
namespace {

smtp::TlsLevel level_of(config::Tls tls) {
  switch (tls) {
    case config::Tls::preferred: return smtp::TlsLevel::preferred;
    case config::Tls::required: return smtp::TlsLevel::required;
    case config::Tls::implicit: return smtp::TlsLevel::implicit;
    default: return smtp::TlsLevel::off;
  }
}

smtp::ServerSettings settings_of(const config::Config& config, const config::Listener& listener) {
  smtp::ServerSettings settings;
  settings.hostname = listener.hostname.empty() ? config.hostname : listener.hostname;
  settings.listener_name = listener.name;
  settings.tls = level_of(listener.tls);
  settings.bare_newline = listener.bare_newline == config::BareNewline::normalise
                              ? smtp::BareNewlineMode::normalise
                              : smtp::BareNewlineMode::reject;
  settings.message_size_max = listener.message_size_max;
  settings.recipients_max = listener.recipients_max;
  settings.envelope_bytes_max = static_cast<std::uint32_t>(listener.envelope_bytes_max);
  settings.messages_max = listener.messages_max;
  settings.errors_max = listener.errors_max;
  settings.greet_delay = listener.greet_delay;
  settings.handshake_timeout = listener.handshake_timeout;
  settings.command_timeout = listener.command_timeout;
  settings.data_block_timeout = listener.data_block_timeout;
  settings.session_timeout = listener.session_timeout;
  return settings;
}

}  // namespace

std::unique_ptr<ListenerSet> make_listener_set(const Generation& generation) {
  auto set = std::make_unique<ListenerSet>();
  set->config = generation.config;
  for (std::size_t i = 0; i < set->config->listeners.size(); ++i) {
    const config::Listener& listener = set->config->listeners[i];
    set->listeners.push_back({settings_of(*set->config, listener),
                              &listener,
                              listener.port_name.empty() ? listener.name : listener.port_name,
                              generation.tls.empty() ? nullptr : generation.tls[i],
                              {.what = static_cast<std::uint32_t>(i),
                               .per_second = listener.handshakes_per_source,
                               .burst = listener.handshakes_burst}});
  }
  return set;
}

}  // namespace sluice::worker
