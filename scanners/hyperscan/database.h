// A compiled set of expressions for streaming. Immutable, shared by all cores.
#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct hs_database;

namespace sluice::scan::hyperscan {

struct Expression {
  std::string text;
  std::uint32_t id = 0;  // reported when it matches
  bool caseless = false;
  bool dotall = false;     // "." takes line ends too
  bool multiline = false;  // "^" and "$" are at each line
};

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

  const hs_database* get() const noexcept { return database_.get(); }
  std::size_t stream_bytes() const noexcept;  // memory of one open stream

 private:
  struct Free {
    void operator()(hs_database* database) const noexcept;
  };
  explicit Database(hs_database* database) : database_(database) {}
  std::unique_ptr<hs_database, Free> database_;
};

}  // namespace sluice::scan::hyperscan
