#include "engine/control/block_control.h"

#include <fmt/format.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <utility>

#include "engine/base/atomic_file.h"
#include "engine/base/contract.h"

namespace sluice::control {
namespace {

constexpr const char* kWorkerIsLate =
    "a worker has not taken over the change before this one yet; try again";

bool apply(net::PrefixTable& table, const BlockControl::Change& change) {
  if (change.value != net::PrefixTable::kNone) return table.insert(change.prefix, change.value);
  table.erase(change.prefix);
  return true;
}

}  // namespace

BlockControl::BlockControl(BlockSetup setup)
    : path_(std::move(setup.path)),
      list_(setup.entries_max),
      tables_(std::move(setup.tables)),
      publish_([](const auto&, const auto&) {}) {}

std::expected<std::unique_ptr<BlockControl>, std::string> BlockControl::open(BlockSetup setup,
                                                                             WallTime now) {
  std::unique_ptr<BlockControl> control(new BlockControl(std::move(setup)));
  if (auto loaded = control->load(now); !loaded)
    return std::unexpected(control->path_ + ": " + loaded.error());
  return control;
}

std::expected<void, std::string> BlockControl::load(WallTime now) {
  std::ifstream file(path_);
  if (!file) return {};
  std::ostringstream content;
  content << file.rdbuf();
  if (auto read = list_.read(content.str(), now); !read) return read;
  for (const auto& [prefix, entry] : list_.entries())
    for (const auto& table : tables_)
      if (!table->insert(prefix, entry.value().packed()))
        return std::unexpected("block.fib_groups is too small for these prefixes");
  for (const auto& table : tables_) table->commit();
  return {};
}

std::expected<void, std::string> BlockControl::add(std::span<const Prefix> prefixes,
                                                   policy::BlockMode mode, WallTime expires) {
  if (!bring_spare_up_to_date()) return std::unexpected(kWorkerIsLate);
  for (const Prefix& prefix : prefixes) {
    if (insert(prefix.network(), mode, expires)) continue;
    return finish(std::unexpected(
        fmt::format("{}: no room: the list has {} of block.prefixes_max = {} entries{}",
                    prefix.text(), list_.entries().size(), list_.entries_max(),
                    list_.entries().size() < list_.entries_max()
                        ? "; block.fib_groups is too small for longer prefixes"
                        : "")));
  }
  return finish({});
}

std::expected<void, std::string> BlockControl::remove(std::span<const Prefix> prefixes) {
  if (!bring_spare_up_to_date()) return std::unexpected(kWorkerIsLate);
  for (const Prefix& prefix : prefixes) {
    if (list_.find(prefix.network()) == nullptr)
      return finish(std::unexpected(prefix.text() + " is not in the list"));
    take_out(prefix.network());
  }
  return finish({});
}

void BlockControl::expire(WallTime now) {
  if (!list_.expired(now) || !bring_spare_up_to_date()) return;
  while (const auto prefix = list_.expired(now)) take_out(*prefix);
  exchange();  // the file may keep them: they are expired there too
}

bool BlockControl::insert(const Prefix& prefix, policy::BlockMode mode, WallTime expires) {
  const bool is_new = list_.find(prefix) == nullptr;
  const policy::BlockEntry* entry = list_.put(prefix, mode, expires);
  if (entry == nullptr) return false;
  if (!change_spare({prefix, entry->value().packed()})) {
    list_.remove(prefix);
    return false;
  }
  if (is_new) fresh_slots_.push_back(entry->slot);
  return true;
}

void BlockControl::take_out(const Prefix& prefix) {
  list_.remove(prefix);
  change_spare({prefix, net::PrefixTable::kNone});
}

// The spare table belongs to nobody else once every worker has let go of it; a worker that was not
// reached is told again.
bool BlockControl::bring_spare_up_to_date() {
  const auto& spare = tables_[1 - current_];
  if (spare.use_count() > 1) publish_(tables_[current_], {});
  if (spare.use_count() > 1) return false;
  std::atomic_thread_fence(std::memory_order_acquire);  // after the last look of the last reader
  // The other table took the same changes in the same order.
  for (const Change& change : std::exchange(spare_lacks_, {})) SLUICE_ASSERT(apply(*spare, change));
  return true;
}

// Changes the spare table; after the next exchange it is the other one that lacks the change.
bool BlockControl::change_spare(const Change& change) {
  if (!apply(*tables_[1 - current_], change)) return false;
  spare_lacks_.push_back(change);
  return true;
}

std::expected<void, std::string> BlockControl::finish(std::expected<void, std::string> result) {
  exchange();
  if (auto stored = replace_file(path_, list_.text()); !stored && result) return stored;
  return result;
}

void BlockControl::exchange() {
  if (spare_lacks_.empty()) return;
  current_ = 1 - current_;
  tables_[current_]->commit();
  publish_(tables_[current_], std::exchange(fresh_slots_, {}));
}

}  // namespace sluice::control
