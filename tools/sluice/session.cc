#include <cstdio>

#include "tools/sluice/admin_client.h"
#include "tools/sluice/command.h"

namespace sluice::tools {
namespace {

int session_list(const Options& options, bool as_json) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto answer = ask_engine(config->admin.socket, {{"command", "sessions"}, {"limit", 1000}});
  if (!answer) return fail(answer.error().text);
  if (as_json) {
    std::printf("%s\n", answer->dump(2).c_str());
    return 0;
  }
  std::printf("%12s  %-22s %-12s %-12s %8s\n", "ICID", "remote", "state", "wait", "seconds");
  for (const auto& row : (*answer)["sessions"])
    std::printf("%12llu  %-22s %-12s %-12s %8lld\n",
                static_cast<unsigned long long>(row["icid"].get<std::uint64_t>()),
                row["remote"].get<std::string>().c_str(), row["state"].get<std::string>().c_str(),
                row["wait"].get<std::string>().c_str(),
                static_cast<long long>(row["seconds"].get<std::int64_t>()));
  return 0;
}

}  // namespace

void add_session(CLI::App& app, Options& options) {
  auto* session = app.add_subcommand("session", "inbound SMTP sessions");
  session->require_subcommand(1);
  session->footer("Example: sluice session list");
  auto* list = session->add_subcommand("list", "what each session does and waits for");
  auto as_json = std::make_shared<bool>(false);
  list->add_flag("--json", *as_json, "as JSON");
  list->footer("Example: sluice session list");
  list->callback([&options, as_json] {
    options.run = [&options, as_json] { return session_list(options, *as_json); };
  });
}

}  // namespace sluice::tools
