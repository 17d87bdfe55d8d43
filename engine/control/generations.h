// What the workers follow, one generation after the other: configuration, compiled rules,
// certificates, classifier. Made at the start, read again as a whole or in part, and handed to the
// workers, whose sessions finish on the generation that they began with.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "engine/config/config.h"
#include "engine/control/bayes_models.h"
#include "engine/worker/generation.h"

namespace sluice::control {

class Engine;

class Generations {
 public:
  Generations(Engine& engine, std::shared_ptr<const config::Config> config, Instant now);

  std::expected<void, std::string> make_first();
  const std::shared_ptr<const config::Config>& config() const noexcept { return config_; }
  const std::shared_ptr<const worker::Generation>& current() const noexcept { return current_; }

  // Reads the config file again. Empty on success; else what was wrong, and nothing was changed.
  std::string reload();
  // Reads the certificates again, and nothing else: the configuration stays the committed one.
  std::string reload_certificates();
  // What was learned since, and keys of tickets that are due.
  void refresh();
  // One line of the log for each line of what reload() said.
  void report(std::string_view problem);

 private:
  std::expected<void, std::string> ensure_certificates(const config::Config& config);
  void note_rules();
  void note_model_faults();
  void note_certificates();
  void rotate_ticket_keys();
  void refresh_models();
  std::string publish(std::shared_ptr<const worker::Generation> generation);

  Engine& engine_;
  std::shared_ptr<const config::Config> config_;
  std::shared_ptr<const worker::Generation> current_;
  std::shared_ptr<tls::TicketKeys> tickets_;
  Instant tickets_rotated_;
  BayesModels bayes_;
};

}  // namespace sluice::control
