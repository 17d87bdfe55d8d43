#include "engine/control/bayes_models.h"

#include <algorithm>
#include <filesystem>

#include "scanners/bayes/models.h"
#include "scanners/bayes/store.h"

namespace sluice::control {
namespace {

using scan::bayes::Models;
using scan::bayes::Store;

bool exists(const std::string& folder) {
  std::error_code fault;
  return std::filesystem::exists(folder + "/data.mdb", fault);
}

}  // namespace

std::string bayes_folder(const config::Config& config, std::string_view domain) {
  const std::string& given = config.bayes.directory;
  std::string folder = (given.empty() ? config.queue.directory + "/bayes" : given) + "/";
  if (domain.empty()) return folder + "general";
  std::ranges::transform(domain, std::back_inserter(folder), ascii_lower);
  return folder;
}

BayesModels::Read BayesModels::read(const config::Config& config, std::string_view domain) {
  const std::string folder = bayes_folder(config, domain);
  if (!exists(folder)) return {};
  const auto store = Store::open(folder, Store::Access::read, config.bayes.database_bytes_max);
  if (!store) {
    faults_.push_back("bayes: " + store.error());
    return {};
  }
  Read result{nullptr, store->revision()};
  auto model = store->model({});
  if (model)
    result.model = std::move(*model);
  else
    faults_.push_back("bayes: " + model.error());
  return result;
}

std::shared_ptr<const Models> BayesModels::load(const config::Config& config, Instant now) {
  auto models = std::make_shared<Models>();
  revisions_.clear();
  looked_ = now;
  if (!config.bayes.enabled) return models;
  Read general = read(config, "");
  models->general = std::move(general.model);
  revisions_.push_back(general.revision);
  for (const std::string& domain : config.bayes.domains) {
    Read own = read(config, domain);
    revisions_.push_back(own.revision);
    if (own.model != nullptr) models->domains.push_back({domain, std::move(own.model)});
  }
  return models;
}

std::shared_ptr<const Models> BayesModels::refresh(const config::Config& config, Instant now) {
  if (!config.bayes.enabled || now - looked_ < config.bayes.refresh) return nullptr;
  looked_ = now;
  std::vector<std::uint64_t> revisions{revision_of(config, "")};
  for (const std::string& domain : config.bayes.domains)
    revisions.push_back(revision_of(config, domain));
  return revisions == revisions_ ? nullptr : load(config, now);
}

std::uint64_t BayesModels::revision_of(const config::Config& config,
                                       std::string_view domain) const {
  const std::string folder = bayes_folder(config, domain);
  if (!exists(folder)) return 0;
  const auto store = Store::open(folder, Store::Access::read, config.bayes.database_bytes_max);
  return store ? store->revision() : 0;
}

}  // namespace sluice::control
