#include "engine/worker/listener_set.h"

#include <algorithm>
#include <functional>

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

void add_sources(ListenerState& state, const std::vector<Prefix>& prefixes, smtp::TlsLevel level) {
  for (const Prefix& prefix : prefixes) {
    state.sources.push_back({prefix, state.settings});
    state.sources.back().settings.tls = level;
  }
}

// RFC 3207 4: whether TLS is offered or demanded may depend on who asks.
void add_sources(ListenerState& state) {
  add_sources(state, state.config->tls_required_from, smtp::TlsLevel::required);
  add_sources(state, state.config->tls_preferred_from, smtp::TlsLevel::preferred);
  add_sources(state, state.config->tls_off_from, smtp::TlsLevel::off);
  std::ranges::stable_sort(state.sources, std::greater(),
                           [](const auto& source) { return source.prefix.length; });
}

}  // namespace

const smtp::ServerSettings& ListenerState::settings_for(const IpAddress& source) const noexcept {
  for (const Source& candidate : sources)
    if (candidate.prefix.contains(source)) return candidate.settings;
  return settings;
}

std::unique_ptr<ListenerSet> make_listener_set(const Generation& generation) {
  auto set = std::make_unique<ListenerSet>();
  set->config = generation.config;
  set->bounce_tags = generation.client_tls.bounce_tags;
  for (std::size_t i = 0; i < set->config->listeners.size(); ++i) {
    const config::Listener& listener = set->config->listeners[i];
    set->listeners.push_back({settings_of(*set->config, listener),
                              &listener,
                              listener.port_name.empty() ? listener.name : listener.port_name,
                              generation.tls.empty() ? nullptr : generation.tls[i],
                              {.what = static_cast<std::uint32_t>(i),
                               .per_second = listener.handshakes_per_source,
                               .burst = listener.handshakes_burst}});
    add_sources(set->listeners.back());
  }
  return set;
}

}  // namespace sluice::worker
