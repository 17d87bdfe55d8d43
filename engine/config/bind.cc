#include "engine/config/bind.h"

#include <fmt/format.h>

#include "engine/config/suggest.h"

namespace sluice::config {

std::string key_path(const TableName& name, std::string_view key) {
  return name.path.empty() ? std::string(key) : fmt::format("{}.{}", name.path, key);
}

void report_unknown(const Member& member, const std::vector<std::string_view>& known,
                    const TableName& name, Reading& reading) {
  std::string what = fmt::format("{:?} is not a key here", member.name);
  if (const auto near = nearest(member.name, known); !near.empty())
    what += fmt::format("; did you mean {:?}?", near);
  else if (const auto other = reading.elsewhere ? reading.elsewhere(member.name) : std::string();
           !other.empty())
    what += "; " + other;
  else
    what += "; the keys are " + fmt::format("{}", fmt::join(known, ", "));
  reading.add(member.place, name.where, std::move(what));
}

void report_missing(std::string_view key, std::string_view allowed, std::string_view doc,
                    Place place, const TableName& name, Reading& reading) {
  reading.add(place, name.where, fmt::format("{} is missing; allowed: {} ({})", key, allowed, doc));
}

void report_value(const Member& member, std::string_view fault, std::string_view allowed,
                  std::string_view doc, const TableName& name, Reading& reading) {
  reading.add(member.value.place, name.where,
              fmt::format("{} {}; allowed: {} ({})", member.name, fault, allowed, doc));
}

}  // namespace sluice::config
