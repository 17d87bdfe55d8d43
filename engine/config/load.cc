#include "engine/config/load.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include "engine/config/bind.h"
#include "engine/config/schema.h"
#include "engine/config/suggest.h"
#include "engine/config/tree.h"

namespace sluice::config {
namespace {

constexpr std::size_t kFileBytesMax = 4UL * 1024 * 1024;
constexpr std::size_t kItemsMax = 10'000;  // of one [[table]]

// Where a key that is unknown in one table would be known: "it is a key of [memory]".
std::string elsewhere(std::string_view key) {
  std::string found;
  for_each_table([&](std::string_view table, const auto& keys, auto) {
    for (const auto& known : keys)
      if (known.name == key && found.empty()) found = fmt::format("it is a key of {}", table);
  });
  return found;
}

template <class S>
void read_table(std::string_view table, const Member& member, const std::vector<Key<S>>& keys,
                S& out, Reading& reading) {
  if (member.value.type != Node::Type::table) {
    reading.add(member.place, std::string(table),
                fmt::format("{} is given; allowed: one table, [{}]", member.value.shown(), table));
    return;
  }
  bind_table(member.value, keys, out, {std::string(table), std::string(table)}, reading);
}

template <class S>
void read_item(std::string_view table, const Node& node, const std::vector<Key<S>>& keys,
               std::vector<S>& out, Reading& reading) {
  const Node* name = node.find(keys.front().name);
  const std::string where = name != nullptr && name->type == Node::Type::text
                                ? fmt::format("{} {:?}", table, name->text)
                                : fmt::format("{} {}", table, out.size() + 1);
  S item;
  item.line = node.place.line;
  bind_table(node, keys, item, {where, fmt::format("{}[{}]", table, out.size())}, reading);
  out.push_back(std::move(item));
}

template <class S>
void read_list(std::string_view table, const Member& member, const std::vector<Key<S>>& keys,
               std::vector<S>& out, Reading& reading) {
  const auto& items = member.value.items;
  const bool tables =
      member.value.type == Node::Type::list &&
      std::ranges::all_of(items, [](const Node& item) { return item.type == Node::Type::table; });
  if (!tables || items.size() > kItemsMax) {
    reading.add(member.place, std::string(table),
                fmt::format("{} is given; allowed: up to {} tables, each begun by [[{}]]",
                            member.value.shown(), kItemsMax, table));
    return;
  }
  for (const Node& item : items) read_item(table, item, keys, out, reading);
}

// Reads `member` when it is one of the tables of the schema.
bool read_known_table(const Member& member, Config& config, Reading& reading) {
  if (member.name == "domains") {
    read_table("domains", member, schema().domains, config, reading);
    return true;
  }
  bool known = false;
  for_each_table([&](std::string_view table, const auto& keys, auto place) {
    if (member.name != table) return;
    known = true;
    if constexpr (requires { (config.*place).push_back({}); })
      read_list(table, member, keys, config.*place, reading);
    else
      read_table(table, member, keys, config.*place, reading);
  });
  return known;
}

std::vector<std::string_view> table_names() {
  std::vector<std::string_view> names{"domains"};
  for_each_table([&](std::string_view table, const auto&, auto) { names.push_back(table); });
  return names;
}

void read_unknown_table(const Member& member, Reading& reading) {
  const std::string_view near = nearest(member.name, table_names());
  reading.add(
      member.place, "",
      fmt::format("{:?} is not a table of this file; {}", member.name,
                  near.empty() ? fmt::format("the tables are {}", fmt::join(table_names(), ", "))
                               : fmt::format("did you mean {:?}?", near)));
}

void read_root(const Node& root, Config& config, Reading& reading) {
  Node top;  // what stands before the first table
  for (const Member& member : root.members) {
    if (read_known_table(member, config, reading)) continue;
    const bool list = member.value.type == Node::Type::list && !member.value.items.empty() &&
                      member.value.items.front().type == Node::Type::table;
    if (member.value.type == Node::Type::table || list)
      read_unknown_table(member, reading);
    else
      top.members.push_back(member);
  }
  bind_table(top, schema().top, config, {}, reading);
}

void resolve(std::string& path, const std::string& folder) {
  if (!path.empty() && !path.starts_with('/')) path = folder + path;
}

// Fills in what follows from the rest: names that default to another, paths.
void complete(Config& config, const Reading& reading, const Machine& machine) {
  if (!reading.places.contains("cores.workers") && !machine.cpus.empty())
    config.cores.workers = {machine.cpus.front()};
  for (Listener& listener : config.listeners)
    if (listener.hostname.empty()) listener.hostname = config.hostname;
  const std::size_t slash = config.path.rfind('/');
  if (slash == std::string::npos) return;
  const std::string folder = config.path.substr(0, slash + 1);
  for (std::string& rules : config.scan.rules) resolve(rules, folder);
  resolve(config.scan.cache, folder);
  resolve(config.scan.allow_phrases, folder);
  resolve(config.scan.block_phrases, folder);
  resolve(config.bayes.directory, folder);
  for (Port& port : config.ports) resolve(port.capture, folder);
  for (Certificate& certificate : config.certificates) {
    resolve(certificate.file, folder);
    resolve(certificate.key, folder);
    resolve(certificate.ocsp, folder);
  }
  for (Destination& destination : config.destinations) resolve(destination.ca_file, folder);
  for (Route& route : config.routes) resolve(route.credentials, folder);
  resolve(config.bounce_verification.keys, folder);
  resolve(config.mta_sts.ca_file, folder);
  resolve(config.tlsrpt.ca_file, folder);
  resolve(config.tls.store, folder);
  resolve(config.queue.directory, folder);
  resolve(config.log.directory, folder);
  resolve(config.admin.socket, folder);
}

Loaded one_problem(const std::string& file, std::string what) {
  return std::unexpected(Problems{{file, 0, 0, "", std::move(what)}});
}

std::expected<std::string, int> read_all(int fd) {
  std::string text;
  std::array<char, 65536> buffer;
  while (text.size() <= kFileBytesMax) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(errno);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return std::unexpected(EFBIG);
}

}  // namespace

Loaded load_text(std::string_view text, std::string name, const Machine& machine) {
  if (text.size() > kFileBytesMax)
    return one_problem(name, fmt::format("it is longer than {} octets", kFileBytesMax));
  auto root = parse_toml(text, name);
  if (!root) return std::unexpected(Problems{std::move(root.error())});

  auto config = std::make_shared<Config>();
  Reading reading{name, {}, {}, elsewhere};
  config->path = std::move(name);
  read_root(*root, *config, reading);
  complete(*config, reading, machine);
  check(*config, machine, reading);
  if (reading.problems.empty()) return config;
  std::ranges::stable_sort(reading.problems, {}, [](const Problem& problem) {
    return std::tuple(problem.line, problem.column);
  });
  return std::unexpected(std::move(reading.problems));
}

Loaded load_file(const std::string& path, const Machine& machine) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return one_problem(
        path, fmt::format("it cannot be opened: {}", std::generic_category().message(errno)));
  const auto text = read_all(fd);
  close(fd);
  if (!text)
    return one_problem(
        path, fmt::format("it cannot be read: {}", std::generic_category().message(text.error())));
  return load_text(*text, path, machine);
}

}  // namespace sluice::config
