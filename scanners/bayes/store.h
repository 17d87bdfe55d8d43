// The database of what was learned: how many messages of each kind had each token, and which
// messages those were, in LMDB. A commit is on disk when it returns, and a crash leaves the last
// one as it was. One process writes at a time, others wait; reading never waits. Nothing of the
// data cores touches it: they read a Model made from it.
// Within a process one Store is open at a time, a second open() waits: LMDB's locks are the
// process's.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "scanners/bayes/model.h"

struct MDB_env;
struct MDB_txn;

namespace sluice::scan::bayes {

enum class Learn : std::uint8_t { spam, ham, forget };
enum class Learned : std::uint8_t {
  added,
  changed,    // it had been learned as the other kind, which is undone
  known,      // nothing to do
  forgotten,  // what it had added is undone
  unknown,    // to be forgotten, but it was never learned
};

class Store {
 public:
  enum class Access : std::uint8_t { read, write };
  // Makes the folder when it is to be written. Errors are sentences.
  static std::expected<Store, std::string> open(const std::string& folder, Access access,
                                                std::uint64_t bytes_max);
  Store(Store&&) noexcept;
  ~Store();

  struct Facts {
    Counts learned;
    std::uint64_t tokens = 0;
    std::uint64_t bytes_used = 0;
    std::uint64_t bytes_max = 0;
  };
  std::expected<Facts, std::string> facts() const;
  // Changes with each commit.
  std::uint64_t revision() const noexcept;
  std::expected<std::shared_ptr<const Model>, std::string> model(
      const Parameters& parameters) const;

  // Messages that are learned together: all or, without commit(), none of them.
  class Batch {
   public:
    Batch(Batch&& other) noexcept;
    ~Batch();
    // `identity` is the message's, `tokens` each once.
    std::expected<Learned, std::string> learn(Learn what, Token identity,
                                              std::span<const Token> tokens);
    // Whether it was learned, as either kind.
    std::expected<bool, std::string> knows(Token identity) const;
    // Tokens that one message had, before `day`: they will hardly be met again.
    std::expected<std::uint64_t, std::string> expire(std::uint32_t day);
    std::expected<void, std::string> commit();

   private:
    friend class Store;
    Batch(const Store& store, MDB_txn* transaction, std::uint32_t today);
    int count(Token token, Learn kind, int change);

    const Store* store_;
    MDB_txn* transaction_;
    std::uint32_t today_;
    Counts learned_;
  };
  // `today`: days since 1970.
  std::expected<Batch, std::string> begin(std::uint32_t today);

 private:
  explicit Store(std::string folder);
  int open_tables(Access access);
  std::string fault(int code) const;

  std::unique_lock<std::mutex> sole_;  // first: let go of when all is closed
  std::string folder_;
  MDB_env* environment_ = nullptr;
  unsigned tokens_ = 0;  // tables
  unsigned seen_ = 0;
  unsigned about_ = 0;
};

}  // namespace sluice::scan::bayes
