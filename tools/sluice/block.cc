// `sluice block add|remove|list`: the sources that a running engine refuses.
#include <algorithm>
#include <cstdio>

#include "engine/config/values.h"
#include "tools/sluice/admin_client.h"
#include "tools/sluice/report.h"

namespace sluice::tools {
namespace {

using nlohmann::json;

constexpr std::size_t kPrefixesPerRequest = 50;  // a request has 4096 octets at most
constexpr std::uint64_t kRowsPerRequest = 1'000;

struct BlockOptions {
  std::vector<std::string> prefixes;
  std::string life;
  std::string mode = "drop";
  bool as_json = false;
};

int send(const Options& options, json request, const BlockOptions& block,
         const std::string& done_to) {
  const std::vector<std::string>& prefixes = block.prefixes;
  auto config = load_config(options);
  if (config == nullptr) return 1;
  for (std::size_t done = 0; done < prefixes.size(); done += kPrefixesPerRequest) {
    const std::size_t count = std::min(kPrefixesPerRequest, prefixes.size() - done);
    request["prefixes"] = std::vector(prefixes.begin() + static_cast<std::ptrdiff_t>(done),
                                      prefixes.begin() + static_cast<std::ptrdiff_t>(done + count));
    auto answer = ask_engine(config->admin.socket, request);
    if (!answer) return fail(answer.error().text);
  }
  std::string text;
  for (const std::string& prefix : prefixes) text += (text.empty() ? "" : ", ") + prefix;
  request.erase("command");
  request["prefixes"] = prefixes;
  return said({.as_json = block.as_json}, text + ": " + done_to, request);
}

int block_add(const Options& options, const BlockOptions& block) {
  json request{{"command", "block.add"}, {"mode", block.mode}};
  if (!block.life.empty()) {
    const auto life = config::parse_duration(block.life);
    if (!life || life->seconds() < 1)
      return fail("--for " + block.life + ": not a time of a second or more (write 24h)");
    request["seconds"] = life->seconds();
  }
  return send(options, request, block,
              "refused (" + block.mode + (block.life.empty() ? ")" : ") for " + block.life));
}

void print_row(const json& row) {
  const json& left = row["seconds_left"];
  const std::string expires = left.is_null() ? "-" : std::to_string(left.get<std::int64_t>()) + "s";
  std::printf("%-43s %-7s %12s %12llu\n", row["prefix"].get<std::string>().c_str(),
              row["mode"].get<std::string>().c_str(), expires.c_str(),
              static_cast<unsigned long long>(row["hits"].get<std::uint64_t>()));
}

int block_list(const Options& options, const BlockOptions& block) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  json entries = json::array();
  json request{{"command", "block.list"}, {"limit", kRowsPerRequest}};
  for (bool more = true; more;) {
    auto answer = ask_engine(config->admin.socket, request);
    if (!answer) return fail(answer.error().text);
    json& rows = (*answer)["entries"];
    more = rows.size() == kRowsPerRequest;
    if (more) request["after"] = rows.back()["prefix"];
    for (json& row : rows) entries.push_back(std::move(row));
  }
  if (block.as_json) {
    std::printf("%s\n", json{{"entries", entries}}.dump(2).c_str());
    return 0;
  }
  std::printf("%-43s %-7s %12s %12s\n", "prefix", "mode", "expires in", "hits");
  for (const json& row : entries) print_row(row);
  return 0;
}

}  // namespace

void add_block(CLI::App& app, Options& options) {
  auto* block = app.add_subcommand("block", "sources whose connections are refused");
  block->require_subcommand(1);
  block->footer("Example: sluice block list");
  auto settings = std::make_shared<BlockOptions>();

  auto* add = block->add_subcommand("add", "refuses prefixes; an entry that is there is changed");
  add->add_option("prefix", settings->prefixes, "192.0.2.0/24, 2001:db8::/32")->required();
  add->add_option("--for", settings->life, "time until it expires (30m, 24h, 7d); else never");
  add->add_option("--mode", settings->mode,
                  "drop: no answer to the SYN; rst: RST; refuse: accept, 554, close")
      ->capture_default_str()
      ->check(CLI::IsMember({"drop", "rst", "refuse"}));
  add->footer("Example: sluice block add 203.0.113.0/24 --for 24h --mode rst");
  add->callback([&options, settings] {
    options.run = [&options, settings] { return block_add(options, *settings); };
  });

  auto* remove = block->add_subcommand("remove", "takes prefixes off the list");
  remove->add_option("prefix", settings->prefixes, "as in the list")->required();
  remove->footer("Example: sluice block remove 203.0.113.0/24");
  remove->callback([&options, settings] {
    options.run = [&options, settings] {
      return send(options, {{"command", "block.remove"}}, *settings, "no longer refused");
    };
  });

  auto* list = block->add_subcommand("list", "what is refused, and how often it was");
  for (CLI::App* verb : {add, remove, list}) verb->add_flag("--json", settings->as_json, "as JSON");
  list->footer("Example: sluice block list");
  list->callback([&options, settings] {
    options.run = [&options, settings] { return block_list(options, *settings); };
  });
}

}  // namespace sluice::tools
