#include "engine/control/generations.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/control/engine.h"
#include "engine/control/listener_tls.h"
#include "engine/control/reload.h"
#include "scanners/bayes/models.h"
#include "tls/secret.h"
#include "tls/ticket_keys.h"

namespace sluice::control {

using mail::EventKind;

Generations::Generations(Engine& engine, std::shared_ptr<const config::Config> config, Instant now)
    : engine_(engine),
      config_(std::move(config)),
      tickets_(std::make_shared<tls::TicketKeys>()),
      tickets_rotated_(now) {}

std::expected<void, std::string> Generations::make_first() {
  if (auto ensured = ensure_certificates(*config_); !ensured) return ensured;
  auto generation = load_generation(config_, tickets_, bayes_.load(*config_, engine_.now()));
  if (!generation) return std::unexpected(generation.error());
  current_ = std::move(*generation);
  note_rules();
  note_certificates();
  return {};
}

// The first start with TLS has a certificate too. Keys are about to be read: no core dumps.
std::expected<void, std::string> Generations::ensure_certificates(const config::Config& config) {
  const bool tls = std::ranges::any_of(
      config.listeners, [](const auto& listener) { return listener.tls != config::Tls::off; });
  if (tls && !config.tls.core_dumps) tls::forbid_core_dumps();
  auto done = control::ensure_certificates(config);
  if (!done) return std::unexpected(done.error());
  if (!done->empty()) engine_.note(EventKind::engine_warning, *done);
  return {};
}

void Generations::note_rules() {
  note_model_faults();
  for (const std::string& text : current_->rules->notes())
    engine_.note(EventKind::engine_info, text);
}

void Generations::note_model_faults() {
  for (const std::string& text : bayes_.take_faults())
    engine_.note(EventKind::engine_warning, text);
}

void Generations::note_certificates() {
  const CertificateStore store(config_->tls.store);
  for (const std::string& warning : certificate_warnings(*current_, engine_.wall(), store.newest()))
    engine_.note(EventKind::engine_warning, warning);
}

std::string Generations::reload() {
  auto fresh = reloadable_config(*config_);
  if (!fresh) return fresh.error();
  if (auto ensured = ensure_certificates(**fresh); !ensured) return ensured.error();
  auto generation = load_generation(*fresh, tickets_, bayes_.load(**fresh, engine_.now()));
  if (!generation) return generation.error();
  config_ = std::move(*fresh);
  engine_.config_changed();
  std::string late = publish(std::move(*generation));
  note_rules();
  return late;
}

std::string Generations::reload_certificates() {
  auto fresh = std::make_shared<worker::Generation>(*current_);
  fresh->tls.clear();
  fresh->certificates.clear();
  if (auto loaded = load_listener_tls(tickets_, *fresh); !loaded) return loaded.error();
  return publish(std::move(fresh));
}

void Generations::refresh() {
  rotate_ticket_keys();
  refresh_models();
}

void Generations::rotate_ticket_keys() {
  const Duration period = config_->tls.ticket_rotation;
  const Instant now = engine_.now();
  if (period.ns == 0 || now - tickets_rotated_ < period) return;
  tickets_->rotate();
  tickets_rotated_ = now;
}

// The scores of rules are others beside a classifier, so that the rules are made anew when it
// begins to have an opinion.
void Generations::refresh_models() {
  auto models = bayes_.refresh(*config_, engine_.now());
  if (models == nullptr) return;
  const bool was_ready = current_->models != nullptr && current_->models->ready();
  const bool ready = models->ready();
  if (ready != was_ready) {
    auto generation = load_generation(config_, tickets_, std::move(models));
    if (!generation) return report(generation.error());
    publish(std::move(*generation));
    note_rules();
    return engine_.note(EventKind::engine_info, ready ? "bayes: enough was learned to be asked"
                                                      : "bayes: not enough is learned any more");
  }
  auto generation = std::make_shared<worker::Generation>(*current_);
  generation->models = std::move(models);
  const auto before = std::exchange(current_, std::move(generation));  // freed here, not there
  engine_.pool().on_each(
      [models = current_->models](worker::Worker& w, Instant) { w.set_models(models); });
  engine_.generation_changed();
  note_model_faults();
}

std::string Generations::publish(std::shared_ptr<const worker::Generation> generation) {
  current_ = std::move(generation);
  note_certificates();
  engine_.generation_changed();
  std::string late;
  auto& workers = engine_.workers();
  for (std::size_t i = 0; i < workers.size(); ++i) {
    const bool reached = engine_.on_worker(
        *workers[i],
        [generation = current_](worker::Worker& w, Instant) { w.reconfigure(*generation); });
    if (!reached) late += fmt::format("worker {} has not taken it over yet\n", i);
  }
  return late;
}

void Generations::report(std::string_view problem) {
  if (problem.empty()) return engine_.note(EventKind::engine_info, "configuration reloaded");
  while (!problem.empty()) {
    const auto end = problem.find('\n');
    engine_.note(EventKind::engine_warning, fmt::format("reload: {}", problem.substr(0, end)));
    problem.remove_prefix(end == std::string_view::npos ? problem.size() : end + 1);
  }
}

}  // namespace sluice::control
