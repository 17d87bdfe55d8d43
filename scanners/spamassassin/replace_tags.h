// The templates that `replace_tag`, `replace_pre`, `replace_inter`, `replace_post` and
// `replace_rules` put into expressions: <A> in a rule named by replace_rules becomes the text of
// tag A; <inter W>, <pre W> and <post W> in it put the text of W between, before and behind the
// tags.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace sluice::scan::sa {

struct ReplaceTags {
  using Table = std::map<std::string, std::string, std::less<>>;
  Table tag, pre, inter, post;
  std::set<std::string, std::less<>> rules;  // whose expressions hold tags

  std::string expand(std::string_view pattern) const;
};

}  // namespace sluice::scan::sa
