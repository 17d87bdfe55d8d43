// A compiled set of expressions, for whole texts. Immutable, shared by all cores.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/bytes.h"

struct hs_database;

namespace sluice::scan::hyperscan {

struct Expression {
  std::string text;
  std::uint32_t id = 0;  // reported when it matches
  bool caseless = false;
  bool dotall = false;     // "." takes line ends too
  bool multiline = false;  // "^" and "$" are at each line
  // What Hyperscan lacks (look-around, back references) is taken for a match: each match of the
  // expression is told, and some that are none.
  bool prefilter = false;
  bool empty = false;  // may match nothing at all
  bool every = false;  // each match is told, not the first alone
};

// Whether the library knows all that the expression uses; says nothing of its size.
bool is_supported(const Expression& expression);

struct CompileFault {
  std::size_t expression = 0;  // index; kWholeSet: not of one expression
  std::string reason;
};
inline constexpr std::size_t kWholeSet = SIZE_MAX;

class Database {
 public:
  // Every faulty expression is named, not the first alone.
  static std::expected<Database, std::vector<CompileFault>> compile(
      std::span<const Expression> expressions);

  // For this version of the library on this kind of processor, as library() names them.
  std::string serialize() const;
  static std::optional<Database> deserialize(ByteView octets);  // nothing: foreign or damaged
  static std::string library();

  const hs_database* get() const noexcept { return database_.get(); }

 private:
  struct Free {
    void operator()(hs_database* database) const noexcept;
  };
  explicit Database(hs_database* database) : database_(database) {}
  std::unique_ptr<hs_database, Free> database_;
};

}  // namespace sluice::scan::hyperscan
