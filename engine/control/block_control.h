// The block list on the control thread: the entries, the file that keeps them over a restart, and
// two tables that take turns: the workers read the one while the other is brought up to date.
#pragma once

#include <array>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/net/prefix_table.h"
#include "engine/policy/block_list.h"

namespace sluice::control {

struct BlockSetup {
  std::string path;  // of the file; it need not exist
  std::uint32_t entries_max = 0;
  std::array<std::shared_ptr<net::PrefixTable>, 2> tables;  // equal and empty
};

class BlockControl {
 public:
  // Hands a table to every worker, and the slots of entries that are new in it. A worker that is
  // not reached keeps the table it has.
  using Publish = std::function<void(const std::shared_ptr<const net::PrefixTable>&,
                                     const std::vector<std::uint32_t>& fresh_slots)>;

  static std::expected<std::unique_ptr<BlockControl>, std::string> open(BlockSetup setup,
                                                                        WallTime now);

  void set_publish(Publish publish) { publish_ = std::move(publish); }

  // In force, and on the disk, on return. The error says how far it got.
  std::expected<void, std::string> add(std::span<const Prefix> prefixes, policy::BlockMode mode,
                                       WallTime expires);
  std::expected<void, std::string> remove(std::span<const Prefix> prefixes);
  void expire(WallTime now);

  const policy::BlockList& list() const noexcept { return list_; }
  std::shared_ptr<const net::PrefixTable> table() const noexcept { return tables_[current_]; }

  struct Change {
    Prefix prefix;
    std::uint32_t value;  // kNone: it is gone
  };

 private:
  explicit BlockControl(BlockSetup setup);
  std::expected<void, std::string> load(WallTime now);
  bool bring_spare_up_to_date();
  bool change_spare(const Change& change);
  bool insert(const Prefix& prefix, policy::BlockMode mode, WallTime expires);
  void take_out(const Prefix& prefix);
  std::expected<void, std::string> finish(std::expected<void, std::string> result);
  void exchange();

  std::string path_;
  policy::BlockList list_;
  std::array<std::shared_ptr<net::PrefixTable>, 2> tables_;
  unsigned current_ = 0;
  std::vector<Change> spare_lacks_;  // what the current table has and the spare has not
  std::vector<std::uint32_t> fresh_slots_;
  Publish publish_;
};

}  // namespace sluice::control
