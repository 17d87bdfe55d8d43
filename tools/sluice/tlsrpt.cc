// `sluice tlsrpt`: what today's reports on TLS will say, and reports before the day is over.
#include <fmt/format.h>

#include "tools/sluice/admin_client.h"
#include "tools/sluice/report.h"

namespace sluice::tools {
namespace {

using nlohmann::json;

void print_policy(const std::string& domain, const json& one) {
  const json& summary = one["summary"];
  fmt::print("{:<32} {:<16} {:>9} {:>9}\n", domain, one["policy"]["policy-type"].get<std::string>(),
             summary["total-successful-session-count"].get<std::uint64_t>(),
             summary["total-failure-session-count"].get<std::uint64_t>());
  for (const json& detail : one.value("failure-details", json::array()))
    fmt::print("  {:>9}  {:<26} {} {}\n", detail["failed-session-count"].get<std::uint64_t>(),
               detail["result-type"].get<std::string>(), detail.value("receiving-mx-hostname", ""),
               detail.value("failure-reason-code", ""));
}

int show(const Options& options, bool as_json) {
  const auto config = load_config(options);
  if (config == nullptr) return 1;
  const auto answer = ask_engine(config->admin.socket, {{"command", "tlsrpt.show"}});
  if (!answer) return fail(answer.error().text);
  if (as_json) {
    fmt::print("{}\n", answer->dump(2));
    return 0;
  }
  fmt::print("TLS sessions since {}, of domains that want reports\n",
             (*answer)["since"].get<std::string>());
  fmt::print("{:<32} {:<16} {:>9} {:>9}\n", "domain", "policy", "succeeded", "failed");
  for (const auto& [domain, counts] : (*answer)["domains"].items())
    for (const json& one : counts["policies"]) print_policy(domain, one);
  const auto beyond = (*answer)["beyond"].get<std::uint64_t>();
  if (beyond > 0)
    fmt::print("{} sessions of further domains: [tlsrpt] domains_max is too small\n", beyond);
  return 0;
}

int send(const Options& options) {
  const auto config = load_config(options);
  if (config == nullptr) return 1;
  const auto answer = ask_engine(config->admin.socket, {{"command", "tlsrpt.send"}});
  if (!answer) return fail(answer.error().text);
  return said(options,
              fmt::format("reports for {} domains are on their way; counting begins anew",
                          (*answer)["domains"].get<std::uint64_t>()),
              *answer);
}

}  // namespace

void add_tlsrpt(CLI::App& app, Options& options) {
  auto* command = app.add_subcommand("tlsrpt", "reports on TLS to domains that want them");
  command->require_subcommand(1);
  command->footer("Example: sluice tlsrpt show");
  auto as_json = std::make_shared<bool>(false);
  auto* show_it = command->add_subcommand("show", "what was counted today");
  show_it->add_flag("--json", *as_json, "as JSON, with the names of RFC 8460");
  show_it->footer("Example: sluice tlsrpt show");
  show_it->callback([&options, as_json] {
    options.run = [&options, as_json] { return show(options, *as_json); };
  });
  auto* send_it = command->add_subcommand("send", "reports now, and begins anew");
  add_json(send_it, options);
  send_it->footer("Example: sluice tlsrpt send");
  send_it->callback([&options] { options.run = [&options] { return send(options); }; });
}

}  // namespace sluice::tools
