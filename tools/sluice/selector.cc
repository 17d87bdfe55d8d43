#include "tools/sluice/selector.h"

#include <set>

#include <fmt/format.h>

#include "engine/config/values.h"

namespace sluice::tools {
namespace {

using nlohmann::json;

std::expected<void, std::string> put_duration(json& into, const char* option, const char* key,
                                              const std::string& text) {
  if (text.empty()) return {};
  const auto duration = config::parse_duration(text);
  if (!duration)
    return std::unexpected(fmt::format("{} {}: not a time (write 90m, 4h, 2d)", option, text));
  into[key] = duration->seconds();
  return {};
}

std::expected<void, std::string> put_size(json& into, const char* option, const char* key,
                                          const std::string& text) {
  if (text.empty()) return {};
  const auto size = config::parse_size(text);
  if (!size)
    return std::unexpected(fmt::format("{} {}: not a size (write 500, \"10 MiB\")", option, text));
  into[key] = *size;
  return {};
}

}  // namespace

void add_selector(CLI::App& command, SelectorOptions& selector, bool acts) {
  command.add_option("--mid,mid", selector.mids, "these messages");
  command.add_option("--sender", selector.sender, "sender; '*' stands for any octets, <> for none");
  command.add_option("--recipient", selector.recipient, "with a pending recipient like this");
  command.add_option("--domain", selector.domain, "with a pending recipient at this host");
  command.add_option("--older-than", selector.older_than, "accepted longer ago: 90m, 4h, 2d");
  command.add_option("--younger-than", selector.younger_than, "accepted since");
  command.add_option("--larger-than", selector.larger_than, "octets: 500, \"10 MiB\"");
  command.add_option("--smaller-than", selector.smaller_than, "octets");
  command.add_option("--scl-min", selector.scl_min, "spam confidence level at least")
      ->check(CLI::Range(-1, 9));
  command.add_option("--scl-max", selector.scl_max, "spam confidence level at most")
      ->check(CLI::Range(-1, 9));
  command.add_option("--queue", selector.queue, "inbound, outbound or delivery")
      ->check(CLI::IsMember({"inbound", "outbound", "delivery"}));
  command.add_option("--state", selector.state, "delivery, scan, held or poison")
      ->check(CLI::IsMember({"delivery", "scan", "held", "poison"}));
  command.add_flag("--held", selector.held,
                   "quarantined, or refused by a late scan: waits for a decision");
  if (acts) command.add_flag("--everything", selector.everything, "really all messages");
}

std::expected<json, std::string> selector_json(const SelectorOptions& selector) {
  json out = json::object();
  if (!selector.mids.empty())  // each once
    out["mids"] = std::set<std::uint64_t>(selector.mids.begin(), selector.mids.end());
  if (!selector.sender.empty()) out["sender"] = selector.sender;
  if (!selector.recipient.empty()) out["recipient"] = selector.recipient;
  if (!selector.domain.empty()) out["domain"] = selector.domain;
  if (!selector.queue.empty()) out["queue"] = selector.queue;
  if (selector.scl_min > -1) out["scl_min"] = selector.scl_min;
  if (selector.scl_max < 9) out["scl_max"] = selector.scl_max;
  if (selector.held) out["held"] = true;
  if (!selector.state.empty()) out["state"] = selector.state;
  for (auto put : {put_duration(out, "--older-than", "older_than", selector.older_than),
                   put_duration(out, "--younger-than", "younger_than", selector.younger_than),
                   put_size(out, "--larger-than", "larger_than", selector.larger_than),
                   put_size(out, "--smaller-than", "smaller_than", selector.smaller_than)})
    if (!put) return std::unexpected(put.error());
  return out;
}

}  // namespace sluice::tools
