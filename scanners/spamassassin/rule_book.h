// All rules and settings of a folder or of files in SpamAssassin's language. A broken line is a
// problem with its place, and the rest goes on.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/problem.h"
#include "scanners/spamassassin/replace_tags.h"
#include "scanners/spamassassin/rule.h"

namespace sluice::scan::sa {

struct RuleBook {
  // In the order of their first definition; a later definition of the same name replaces the
  // former one in its place.
  std::vector<Rule> rules;
  std::map<std::string, std::size_t, std::less<>> index;
  // Every other setting: "freemail_domains" -> one text a line, in order.
  std::map<std::string, std::vector<std::string>, std::less<>> settings;

  const Rule* find(std::string_view name) const;
  std::span<const std::string> setting(std::string_view name) const;
};

// Reads files, and of folders the *.cf files in the order of their names. `problems` gets what is
// wrong; problems without effect on other lines do not stop the reading. `builtin` is read first,
// and `scores` behind the file in which SpamAssassin's distribution keeps its own (50_scores.cf of
// a folder), so that they replace those and files of the place still replace them.
RuleBook read_rule_book(std::span<const std::string> paths, config::Problems& problems,
                        std::string_view builtin = {}, std::string_view scores = {});
// One text, for tests and fuzzing.
RuleBook parse_rule_book(std::string_view text, const std::string& file,
                         config::Problems& problems);

}  // namespace sluice::scan::sa
