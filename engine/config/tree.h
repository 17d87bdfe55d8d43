// The TOML text as a plain tree with places, so that one file alone knows the TOML library.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/problem.h"

namespace sluice::config {

struct Place {
  int line = 0;  // 1-based; 0 = unknown
  int column = 0;
};

struct Member;

struct Node {
  enum class Type : std::uint8_t { text, integer, real, boolean, list, table, date };
  Type type = Type::table;
  Place place;
  std::string text;
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;
  std::vector<Node> items;      // of a list
  std::vector<Member> members;  // of a table, in the order of the file

  const Node* find(std::string_view name) const;
  // What was given, for a message: "abc", 12, true, "a list", "a table".
  std::string shown() const;
};

struct Member {
  std::string name;
  Place place;  // of the name
  Node value;
};

// The root table, or the first syntax error (a TOML parser cannot go on behind one).
std::expected<Node, Problem> parse_toml(std::string_view text, const std::string& file);

}  // namespace sluice::config
