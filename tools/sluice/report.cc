#include "tools/sluice/report.h"

#include <cstdio>

namespace sluice::tools {

void add_json(CLI::App* command, Options& options) {
  command->add_flag("--json", options.as_json, "as JSON");
}

int said(const Options& options, const std::string& text, const nlohmann::json& facts) {
  if (options.as_json)
    print_json(facts);
  else
    std::printf("%s\n", text.c_str());
  return 0;
}

std::string counted(std::uint64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

void print_json(const nlohmann::json& value) {
  std::printf("%s\n", value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

}  // namespace sluice::tools
