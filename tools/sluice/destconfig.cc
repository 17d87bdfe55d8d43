// `sluice destconfig`: which [[destination]] applies to a domain, and the lines that would change
// it. The file is its operator's: nothing here writes it.
#include <fmt/format.h>

#include <algorithm>

#include "engine/config/values.h"
#include "engine/delivery/peer_rule.h"
#include "tools/sluice/report.h"

namespace sluice::tools {
namespace {

using config::Config;

constexpr std::string_view kLevels[] = {"none", "preferred", "required", "preferred-verify",
                                        "required-verify"};

using nlohmann::json;

json row_of(const config::Destination& entry) {
  return {{"domain", entry.domain},
          {"tls", delivery::level_name(entry.tls)},
          {"line", entry.line},
          {"names", entry.names}};
}

void print_row(const config::Destination& entry) {
  fmt::print("{:<28} {:<17} {:<9} {}\n", entry.domain, delivery::level_name(entry.tls),
             entry.line == 0 ? "default" : fmt::format("line {}", entry.line),
             fmt::join(entry.names, ", "));
}

int list(const Options& options) {
  const auto config = load_config(options);
  if (config == nullptr) return 1;
  std::vector<config::Destination> entries = config->destinations;
  if (!delivery::find_destination(config->destinations, ""))
    entries.push_back({.domain = "all others", .names = {}});
  if (options.as_json) {
    json rows = json::array();
    for (const config::Destination& entry : entries) rows.push_back(row_of(entry));
    print_json({{"destinations", rows}});
    return 0;
  }
  fmt::print("{:<28} {:<17} {:<9} {}\n", "domain", "tls", "from", "names");
  for (const config::Destination& entry : entries) print_row(entry);
  return 0;
}

int show(const Options& options, const std::string& domain) {
  const auto config = load_config(options);
  if (config == nullptr) return 1;
  const auto entry = delivery::find_destination(config->destinations, domain);
  const auto rule = delivery::peer_rule(*config, {}, entry, domain, delivery::TlsWish::configured);
  if (options.as_json) {
    json names = rule.policy.names;
    if (!rule.policy.server_name.empty()) names.insert(names.begin(), rule.policy.server_name);
    print_json({{"domain", domain},
                {"tls", tls::name_of(rule.policy.level)},
                {"names", names},
                {"entry", entry ? row_of(config->destinations[*entry]) : json()},
                {"implicit", rule.implicit}});
    return 0;
  }
  fmt::print("{}: tls {}", domain, tls::name_of(rule.policy.level));
  if (entry)
    fmt::print(", by [[destination]] {:?} in line {} of {}\n", config->destinations[*entry].domain,
               config->destinations[*entry].line, config->path);
  else
    fmt::print(", the default: no [[destination]] of {} takes it\n", config->path);
  if (!rule.policy.server_name.empty()) {
    fmt::print("  the certificate must be for {}", rule.policy.server_name);
    for (const std::string& name : rule.policy.names) fmt::print(" or {}", name);
    fmt::print("\n");
  }
  if (rule.implicit) fmt::print("  TLS from the first octet\n");
  return 0;
}

// The line of the entry that would take the domain first, 0 = none.
int line_of_first(const Config& config, const std::string& domain) {
  const auto entry = delivery::find_destination(config.destinations, domain);
  return entry ? config.destinations[*entry].line : 0;
}

int set(const Options& options, const std::string& domain, const std::string& level) {
  if (std::ranges::find(kLevels, level) == std::end(kLevels))
    return fail(fmt::format("{:?} is no level; they are {}", level, fmt::join(kLevels, ", ")));
  const auto config = load_config(options);
  if (config == nullptr) return 1;
  const int line = line_of_first(*config, domain);
  const auto same = std::ranges::find(config->destinations, domain, &config::Destination::domain);
  if (options.as_json) {
    const int changed = same != config->destinations.end() ? same->line : 0;
    print_json({{"file", config->path},
                {"change_line", changed},
                {"before_line", changed != 0 ? 0 : line},
                {"destination", {{"domain", domain}, {"tls", level}}}});
    return 0;
  }
  if (same != config->destinations.end())
    fmt::print("# in {}, the entry in line {}: change its tls\n", config->path, same->line);
  else if (line != 0)
    fmt::print("# add to {} before line {}, whose entry would take it first\n", config->path, line);
  else
    fmt::print("# add to {}\n", config->path);
  fmt::print("[[destination]]\ndomain = \"{}\"\ntls = \"{}\"\n", domain, level);
  fmt::print("# then: sluice check {0}, and SIGHUP to the engine\n", config->path);
  return 0;
}

int setup(const Options& options) {
  const auto config = load_config(options);
  if (config == nullptr) return 1;
  const config::Alerts& alerts = config->alerts;
  if (options.as_json) {
    print_json({{"tls_failures", alerts.tls_failures},
                {"window_seconds", alerts.window.seconds()},
                {"recipients", alerts.recipients}});
    return 0;
  }
  fmt::print("alert when a required TLS connection fails: {}\n",
             alerts.tls_failures ? "yes" : "no");
  fmt::print("one for each destination every {}\n", config::duration_text(alerts.window));
  fmt::print("to {}\n", alerts.recipients.empty()
                            ? "the log only"
                            : fmt::format("{}", fmt::join(alerts.recipients, ", ")));
  return 0;
}

}  // namespace

void add_destconfig(CLI::App& app, Options& options) {
  auto* command = app.add_subcommand("destconfig", "TLS of destinations: what applies, and why");
  command->require_subcommand(1);
  auto domain = std::make_shared<std::string>();
  auto level = std::make_shared<std::string>();
  auto* list_them = command->add_subcommand("list", "all entries in the order they are tried");
  list_them->callback([&] { options.run = [&] { return list(options); }; });
  auto* show_one = command->add_subcommand("show", "what applies to a domain");
  show_one->add_option("domain", *domain, "a recipient's domain")->required();
  show_one->callback(
      [&options, domain] { options.run = [&options, domain] { return show(options, *domain); }; });
  auto* set_one = command->add_subcommand("set", "prints the lines that give a domain a level");
  set_one->add_option("domain", *domain, "a recipient's domain")->required();
  set_one->add_option("level", *level, fmt::format("{}", fmt::join(kLevels, ", ")))->required();
  set_one->callback([&options, domain, level] {
    options.run = [&options, domain, level] { return set(options, *domain, *level); };
  });
  auto* show_setup =
      command->add_subcommand("setup", "the alert on failures, for all destinations");
  show_setup->callback([&] { options.run = [&] { return setup(options); }; });
  list_them->footer("Example: sluice destconfig list");
  show_one->footer("Example: sluice destconfig show partner.example");
  set_one->footer("Example: sluice destconfig set partner.example required-verify");
  show_setup->footer("Example: sluice destconfig setup");
  for (CLI::App* verb : {list_them, show_one, set_one, show_setup}) add_json(verb, options);
  command->footer("Example: sluice destconfig set partner.example required-verify");
}

}  // namespace sluice::tools
