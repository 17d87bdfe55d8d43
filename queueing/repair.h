// What an operator does with the files of one shard while no engine runs: `sluice queue repair` and
// `sluice upgrade`. Nothing is deleted: what is damaged is copied into the folder "damaged" beside
// the segments, and synced there, before its place in the log is made clean.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <vector>

namespace sluice::queueing {

// One sentence for each thing done, or with `dry_run` for what would be; none: nothing is damaged.
// The error says what stopped it; what was done before that stays and is whole. Refused while an
// engine runs.
using Deeds = std::expected<std::vector<std::string>, std::string>;
Deeds repair(const std::string& directory, bool dry_run);

// Segments of an older format become those of this one, each at once and for good.
Deeds upgrade(const std::string& directory, bool check_only);

// How many segments there are of each format version, by its number as text; also while an engine
// runs.
std::map<std::string, std::size_t> versions_in(const std::string& directory);

}  // namespace sluice::queueing
