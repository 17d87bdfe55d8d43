// `sluice tophosts|hoststatus|showrecipients|deleterecipients`: the recipient hosts of the delivery
// queue, in the layouts of Cisco's gateways.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "engine/control/host_commands.h"
#include "engine/control/operator_state.h"
#include "tools/sluice/command.h"
#include "tools/sluice/offline.h"

namespace sluice::tools {
namespace {

using nlohmann::json;

struct HostOptions {
  std::string host;
  std::string sort = "active_rcpts";
  std::size_t limit = 20;
  bool as_json = false;
};

struct Column {
  const char* option;  // as --sort names it
  const char* key;
};
constexpr Column kColumns[] = {{"active_rcpts", "active_recipients"},
                               {"conn_out", "connections"},
                               {"deliv_rcpts", "delivered"},
                               {"soft_bounced", "soft_bounced"},
                               {"hard_bounced", "hard_bounced"}};

Answer all_hosts(const config::Config& config) {
  std::map<std::string, json> hosts;
  const auto take = [&](json& row, json&) {
    json& sum = hosts[row["host"].get<std::string>()];
    sum["host"] = row["host"];
    control::add_host_row(sum, row);
  };
  json sizes;
  bool offline = false;
  auto asked = ask_pages(config, {{"command", "host.list"}}, take);
  if (asked) {
    auto status = ask_engine(config.admin.socket, {{"command", "status"}});
    if (!status) return std::unexpected(status.error().text);
    sizes = {{"d_qmsgs", (*status)["d_qmsgs"]}};
  } else {
    if (asked.error().fault != AdminFault::not_running) return std::unexpected(asked.error().text);
    auto queue = OfflineQueue::open(config);
    if (!queue) return std::unexpected(queue.error());
    note_offline(config);
    offline = true;
    json none;
    for (json& row : queue->hosts()) take(row, none);
    sizes = queue->sizes();
  }
  json rows = json::array();
  for (auto& [name, row] : hosts) rows.push_back(row);
  return json{{"as_of", date_text(SystemClock().wall().unix_seconds())},
              {"d_qmsgs", sizes["d_qmsgs"]},
              {"from_files", offline},
              {"hosts", rows}};
}

std::uint64_t total(const json& rows, const char* key) {
  std::uint64_t sum = 0;
  for (const json& row : rows) sum += number_of(row, key);
  return sum;
}

void print_hosts(const json& answer, std::size_t limit) {
  const json& rows = answer["hosts"];
  std::printf("Status as of:                   %s GMT\n", text_of(answer, "as_of").c_str());
  std::printf("Hosts marked with '*' were down as of the last delivery attempt.\n");
  std::printf("Hosts marked with 'H' are held by the operator.\n\n");
  std::printf("%6s %-32s %10s %8s %10s %10s %10s\n", "", "", "Active", "Conn.", "Deliv.", "Soft",
              "Hard");
  std::printf("%6s %-32s %10s %8s %10s %10s %10s\n\n", "#", "Recipient Host", "Recip.", "Out",
              "Recip.", "Bounced", "Bounced");
  std::size_t place = 0;
  for (const json& row : rows) {
    if (place == limit) break;
    const char mark = row.value("held", false) ? 'H' : row.value("down", false) ? '*' : ' ';
    std::printf("%5zu%c %-32s", ++place, mark, text_of(row, "host").c_str());
    for (const Column& column : kColumns)
      std::printf(" %*llu", column.key == std::string_view("connections") ? 8 : 10,
                  static_cast<unsigned long long>(number_of(row, column.key)));
    std::printf("\n");
  }
  std::printf("\nTotal: %s at %s, of %s (d_qmsgs)\n",
              counted(total(rows, "active_recipients"), "active recipient").c_str(),
              counted(rows.size(), "host").c_str(),
              counted(number_of(answer, "d_qmsgs"), "message").c_str());
}

int tophosts(const Options& options, const HostOptions& wanted) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  auto answer = all_hosts(*config);
  if (!answer) return fail(answer.error());
  const auto* column = std::ranges::find(kColumns, wanted.sort, &Column::option);
  auto& rows = (*answer)["hosts"].get_ref<json::array_t&>();
  std::ranges::stable_sort(rows, [&](const json& a, const json& b) {
    return number_of(a, column->key) > number_of(b, column->key);
  });
  if (!wanted.as_json) {
    print_hosts(*answer, wanted.limit);
    return 0;
  }
  (*answer)["active_recipients"] = total((*answer)["hosts"], "active_recipients");
  if (rows.size() > wanted.limit) rows.resize(wanted.limit);
  print_json(*answer);
  return 0;
}

void print_answer(const char* title, const json& status, const char* key) {
  if (!status.contains(key)) return;
  std::printf("%s:\n----------\n%s\n(at %s GMT)\n----------\n", title,
              text_of(status[key], "text").c_str(),
              date_text(status[key]["at"].get<std::int64_t>()).c_str());
}

void print_reached(const json& reached) {
  if (!text_of(reached, "redirected_to").empty())
    std::printf("Redirected to: %s\n", text_of(reached, "redirected_to").c_str());
  const std::string route = text_of(reached, "route");
  std::printf("Route: %s\n", route.empty() ? "none" : route.c_str());
  for (const json& hop : reached["hops"])
    std::printf("  Next hop %-24s %s\n", text_of(hop, "address").c_str(),
                hop.value("down", false) ? "down" : "up");
}

const char* up_or_down(const json& status) {
  if (status.value("down", false)) return "down";
  return status.contains("last_answer") ? "up" : "unknown";
}

void print_host(const json& status) {
  const auto row = [&](const char* name, const char* key) {
    std::printf("%-36s %12llu\n", name, static_cast<unsigned long long>(number_of(status, key)));
  };
  std::printf("Host mail status for: '%s'\n", text_of(status, "host").c_str());
  std::printf("Status as of: %s GMT\n", text_of(status, "as_of").c_str());
  std::printf("Host up/down: %s%s\n\n", up_or_down(status),
              status.value("held", false) ? " (held by the operator)" : "");
  std::printf("Counters:\n  Queue\n");
  row("    Soft Bounced Events", "soft_bounced");
  std::printf("  Completion\n");
  row("    Completed Recipients", "completed");
  row("      Hard Bounced Recipients", "hard_bounced");
  row("      Expired Recipients", "expired");
  row("      Delivered Recipients", "delivered");
  row("      Deleted Recipients", "deleted");
  std::printf("Gauges:\n  Queue\n");
  row("    Active Recipients", "active_recipients");
  std::printf("  Delivery\n");
  row("    Current Outbound Connections", "connections");
  std::printf("\nOldest Message        %s\n",
              status.contains("oldest") ? age_text(status["age"].get<std::int64_t>()).c_str()
                                        : "No Messages");
  if (status.contains("last_answer"))
    std::printf("Last Activity         %s GMT\n",
                date_text(status["last_answer"]["at"].get<std::int64_t>()).c_str());
  if (status.contains("reached")) print_reached(status["reached"]);
  print_answer("Last Answer", status, "last_answer");
  print_answer("Last 5XX Error", status, "last_5xx");
}

Answer host_from_files(OfflineQueue& queue, const std::string& host) {
  json sum{{"host", host}};
  control::add_host_row(sum, json::object());
  for (const json& row : queue.hosts())
    if (row["host"] == host) control::add_host_row(sum, row);
  queue.answers().complete(sum);
  const std::int64_t now = SystemClock().wall().unix_seconds();
  for (const json& row : queue.recipients(host)) {
    const std::int64_t received = now - row["age"].get<std::int64_t>();
    if (!sum.contains("oldest") || sum["oldest"] > received) sum["oldest"] = received;
  }
  return sum;
}

int hoststatus(const Options& options, const HostOptions& wanted) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  const std::string host = control::canonical_host(wanted.host);
  if (host.empty()) return fail("\"" + wanted.host + "\" is not a host");
  auto status = ask_or_read(*config, {{"command", "host.status"}, {"host", host}},
                            [&](OfflineQueue& queue) { return host_from_files(queue, host); });
  if (!status) return fail(status.error());
  const std::int64_t now = SystemClock().wall().unix_seconds();
  (*status)["as_of"] = date_text(now);
  if (status->contains("oldest")) (*status)["age"] = now - (*status)["oldest"].get<std::int64_t>();
  (*status)["completed"] = number_of(*status, "delivered") + number_of(*status, "hard_bounced") +
                           number_of(*status, "expired") + number_of(*status, "deleted");
  if (wanted.as_json)
    print_json(*status);
  else
    print_host(*status);
  return 0;
}

Answer all_recipients(const config::Config& config, const std::string& host) {
  json rows = json::array();
  std::set<std::pair<Mid, Rid>> seen;
  auto asked =
      ask_pages(config, {{"command", "host.recipients"}, {"host", host}}, [&](json& row, json&) {
        row.erase("listed");
        if (seen.emplace(row["mid"], row["rid"]).second) rows.push_back(std::move(row));
      });
  if (!asked) {
    if (asked.error().fault != AdminFault::not_running) return std::unexpected(asked.error().text);
    auto queue = OfflineQueue::open(config);
    if (!queue) return std::unexpected(queue.error());
    note_offline(config);
    rows = queue->recipients(host);
  }
  std::ranges::sort(rows.get_ref<json::array_t&>(), [](const json& a, const json& b) {
    return std::pair(a["mid"].get<Mid>(), a["rid"].get<Rid>()) <
           std::pair(b["mid"].get<Mid>(), b["rid"].get<Rid>());
  });
  return rows;
}

int showrecipients(const Options& options, const HostOptions& wanted) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  const std::string host = control::canonical_host(wanted.host);
  if (host.empty()) return fail("\"" + wanted.host + "\" is not a host");
  auto rows = all_recipients(*config, host);
  if (!rows) return fail(rows.error());
  if (wanted.as_json) {
    print_json({{"host", host}, {"recipients", *rows}});
    return 0;
  }
  std::printf("%10s %4s  %-32s %-9s %8s  %-20s %s\n", "MID", "RID", "recipient", "age", "attempts",
              "next attempt", "last reply");
  for (const json& row : *rows) {
    const auto next = row["next_attempt"].get<std::int64_t>();
    std::printf("%10llu %4u  %-32s %-9s %8u  %-20s %s\n",
                static_cast<unsigned long long>(row["mid"].get<Mid>()), row["rid"].get<unsigned>(),
                text_of(row, "address").c_str(), age_text(row["age"].get<std::int64_t>()).c_str(),
                row["attempts"].get<unsigned>(),
                next == 0 ? "due" : date_text(next).substr(4).c_str(),
                text_of(row, "last_reply").empty() ? "-" : text_of(row, "last_reply").c_str());
  }
  std::printf("%s at '%s'\n", counted(rows->size(), "recipient").c_str(), host.c_str());
  return 0;
}

int deleterecipients(const Options& options, const HostOptions& wanted) {
  auto config = load_config(options);
  if (config == nullptr) return 1;
  const std::string host = control::canonical_host(wanted.host);
  if (host.empty()) return fail("\"" + wanted.host + "\" is not a host");
  auto status = ask_running(*config, {{"command", "host.status"}, {"host", host}});
  if (!status) return fail(status.error());
  // Not more than there were at the beginning: mail goes on arriving.
  const std::uint64_t present = number_of(*status, "active_recipients");
  std::uint64_t deleted = 0;
  for (bool more = present > 0; more && deleted < present;) {
    auto answer = ask_running(*config, {{"command", "host.delete"}, {"host", host}});
    if (!answer) return fail(answer.error());
    deleted += number_of(*answer, "deleted");
    more = (*answer)["more"].get<bool>();
  }
  // And those of messages that wait for a scan, are held or set aside.
  auto rest = ask_pages(*config, {{"command", "queue.delete_recipients"}, {"host", host}},
                        [&](json&, json&) { ++deleted; });
  if (!rest) return fail(rest.error().text);
  if (wanted.as_json)
    print_json({{"host", host}, {"deleted", deleted}});
  else
    std::printf("%s at '%s' deleted\n", counted(deleted, "recipient").c_str(), host.c_str());
  return 0;
}

using Command = int (*)(const Options&, const HostOptions&);

CLI::App* add_command(CLI::App& app, Options& options, const char* name, const char* what,
                      const std::shared_ptr<HostOptions>& settings, Command command) {
  auto* added = app.add_subcommand(name, what);
  added->add_flag("--json", settings->as_json, "as JSON");
  added->callback([&options, settings, command] {
    options.run = [&options, settings, command] { return command(options, *settings); };
  });
  return added;
}

}  // namespace

void add_hosts(CLI::App& app, Options& options) {
  auto settings = std::make_shared<HostOptions>();
  std::vector<std::string> columns;
  for (const Column& column : kColumns) columns.emplace_back(column.option);

  auto* top = add_command(app, options, "tophosts", "recipient hosts with most waiting mail",
                          settings, tophosts);
  top->add_option("sort", settings->sort, "the column to sort by")
      ->capture_default_str()
      ->check(CLI::IsMember(columns));
  top->add_option("--limit", settings->limit, "rows")->capture_default_str();
  top->footer("Example: sluice tophosts soft_bounced");

  auto* status = add_command(app, options, "hoststatus", "one recipient host: up or down, and why",
                             settings, hoststatus);
  status->add_option("host", settings->host, "as in tophosts")->required();
  status->footer("Example: sluice hoststatus example.com");

  auto* show = add_command(app, options, "showrecipients", "the recipients that wait for a host",
                           settings, showrecipients);
  show->add_option("host", settings->host, "as in tophosts")->required();
  show->footer("Example: sluice showrecipients example.com");

  auto* remove = add_command(app, options, "deleterecipients",
                             "deletes the recipients that wait for a host, and no others", settings,
                             deleterecipients);
  remove->add_option("host", settings->host, "as in tophosts")->required();
  remove->footer("Example: sluice deleterecipients example.com");
}

}  // namespace sluice::tools
