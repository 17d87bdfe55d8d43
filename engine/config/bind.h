// A schema as data. A Key says how one key of a table is read into one member of a struct, what is
// allowed, and what it is for; its default is whatever the struct itself starts with.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/config/problem.h"
#include "engine/config/tree.h"

namespace sluice::config {

template <class S>
struct Value {
  std::string allowed;  // "integer 1..65536", "one of \"spin\", \"adaptive\""
  // Stores the value, or says what is wrong with it: "0 is below 1".
  std::function<std::expected<void, std::string>(const Node&, S&)> read;
  std::function<std::string(const S&)> show;  // as TOML
};

enum class Need : std::uint8_t { optional, required };

template <class S>
struct Key {
  std::string_view name;
  Value<S> value;
  std::string_view doc;  // what it is for, with the unit; one sentence
  Need need = Need::optional;
};

// Where each key of the file stands, by path: "memory.blocks", "listener[0].bind". The checks
// across keys take their places from here.
using Places = std::map<std::string, Place, std::less<>>;

// Everything that one pass over a file collects.
struct Reading {
  std::string file;
  Problems problems;
  Places places;
  // Says where else a key of this name belongs, for the message about an unknown one; may be empty.
  std::function<std::string(std::string_view)> elsewhere;

  void add(Place place, std::string where, std::string what) {
    problems.push_back({file, place.line, place.column, std::move(where), std::move(what)});
  }
};

// The table being read: how a person calls it and how its places are keyed.
struct TableName {
  std::string where;  // "memory", "listener \"inbound\""
  std::string path;   // "memory", "listener[0]"
};

void report_unknown(const Member& member, const std::vector<std::string_view>& known,
                    const TableName& name, Reading& reading);
void report_missing(std::string_view key, std::string_view allowed, std::string_view doc,
                    Place place, const TableName& name, Reading& reading);
void report_value(const Member& member, std::string_view fault, std::string_view allowed,
                  std::string_view doc, const TableName& name, Reading& reading);
std::string key_path(const TableName& name, std::string_view key);

template <class S>
void bind_member(const Member& member, const std::vector<Key<S>>& keys, S& out,
                 const TableName& name, Reading& reading) {
  std::vector<std::string_view> known;
  for (const Key<S>& key : keys) {
    known.push_back(key.name);
    if (key.name != member.name) continue;
    reading.places[key_path(name, key.name)] = member.value.place;
    if (const auto done = key.value.read(member.value, out); !done)
      report_value(member, done.error(), key.value.allowed, key.doc, name, reading);
    return;
  }
  report_unknown(member, known, name, reading);
}

// Reads the members of `table` that `keys` name into `out`; reports unknown, wrong and missing
// ones.
template <class S>
void bind_table(const Node& table, const std::vector<Key<S>>& keys, S& out, const TableName& name,
                Reading& reading) {
  for (const Member& member : table.members) bind_member(member, keys, out, name, reading);
  for (const Key<S>& key : keys)
    if (key.need == Need::required && table.find(key.name) == nullptr)
      report_missing(key.name, key.value.allowed, key.doc, table.place, name, reading);
}

}  // namespace sluice::config
