#include "scanners/bayes/store.h"

#include <lmdb.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

namespace sluice::scan::bayes {
namespace {

// The tables, whose keys and values are of this machine's byte order:
//   tokens  token -> Record
//   seen    identity of a message -> 's' or 'h'
//   about   "version" -> kTokenVersion, "learned" -> Counts
struct Record {
  Counts counts;
  std::uint32_t day = 0;  // it was learned last
};

constexpr int kOtherVersion = -1;  // none of LMDB's codes

template <typename T>
MDB_val value_of(T& object) noexcept {
  return {sizeof object, &object};
}

template <typename T>
bool read(const MDB_val& value, T& object) noexcept {
  if (value.mv_size != sizeof object) return false;
  std::memcpy(&object, value.mv_data, sizeof object);
  return true;
}

MDB_val key_of(const char* name) noexcept { return {std::strlen(name), const_cast<char*>(name)}; }

template <typename T>
int get(MDB_txn* transaction, MDB_dbi table, MDB_val key, T& object) noexcept {
  MDB_val value{};
  const int code = ::mdb_get(transaction, table, &key, &value);
  return code != 0 ? code : read(value, object) ? 0 : MDB_CORRUPTED;
}

template <typename T>
int put(MDB_txn* transaction, MDB_dbi table, MDB_val key, T object) noexcept {
  MDB_val value = value_of(object);
  return ::mdb_put(transaction, table, &key, &value, 0);
}

class ReadTransaction {
 public:
  explicit ReadTransaction(MDB_env* environment) noexcept
      : code(::mdb_txn_begin(environment, nullptr, MDB_RDONLY, &transaction_)) {}
  ~ReadTransaction() {
    if (transaction_ != nullptr) ::mdb_txn_abort(transaction_);
  }
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;
  operator MDB_txn*() const noexcept { return transaction_; }

 private:
  MDB_txn* transaction_ = nullptr;

 public:
  const int code;
};

template <typename Visit>  // of (token, record, cursor); answers with LMDB's codes
int for_each_token(MDB_txn* transaction, MDB_dbi table, Visit&& visit) {
  MDB_cursor* cursor = nullptr;
  int code = ::mdb_cursor_open(transaction, table, &cursor);
  if (code != 0) return code;
  MDB_val key{};
  MDB_val value{};
  while ((code = ::mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
    Token token = 0;
    Record record;
    if (!read(key, token) || !read(value, record)) code = MDB_CORRUPTED;
    if (code == 0) code = visit(token, record, cursor);
    if (code != 0) break;
  }
  ::mdb_cursor_close(cursor);
  return code == MDB_NOTFOUND ? 0 : code;
}

}  // namespace

Store::Store(std::string folder) : folder_(std::move(folder)) {
  static std::mutex one_in_this_process;
  sole_ = std::unique_lock(one_in_this_process);
}

std::string Store::fault(int code) const {
  if (code == kOtherVersion)
    return folder_ +
           ": was learned by another version of Sluice, whose tokens are not these; remove "
           "the folder and learn anew";
  if (code == MDB_MAP_FULL)
    return folder_ + ": is full; raise bayes.database_bytes_max, or expire what is old";
  return fmt::format("{}: {}", folder_, ::mdb_strerror(code));
}

std::expected<Store, std::string> Store::open(const std::string& folder, Access access,
                                              std::uint64_t bytes_max) {
  Store store(folder);
  const bool write = access == Access::write;
  std::error_code failed;
  if (write) {
    std::filesystem::create_directories(folder, failed);
    if (failed) return std::unexpected(folder + ": " + failed.message());
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  }
  int code = ::mdb_env_create(&store.environment_);
  if (code == 0) code = ::mdb_env_set_maxdbs(store.environment_, 3);
  if (code == 0 && write) code = ::mdb_env_set_mapsize(store.environment_, bytes_max);
  if (code == 0)
    code = ::mdb_env_open(store.environment_, folder.c_str(), write ? 0 : MDB_RDONLY, 0600);
  if (code == ENOENT) return std::unexpected(folder + ": nothing was learned there");
  if (code == 0) code = store.open_tables(access);
  if (code == MDB_NOTFOUND) return std::unexpected(folder + ": nothing was learned there");
  if (code != 0) return std::unexpected(store.fault(code));
  return store;
}

int Store::open_tables(Access access) {
  const bool write = access == Access::write;
  const unsigned make = write ? MDB_CREATE : 0;
  MDB_txn* transaction = nullptr;
  int code = ::mdb_txn_begin(environment_, nullptr, write ? 0 : MDB_RDONLY, &transaction);
  if (code != 0) return code;
  code = ::mdb_dbi_open(transaction, "tokens", make | MDB_INTEGERKEY, &tokens_);
  if (code == 0) code = ::mdb_dbi_open(transaction, "seen", make | MDB_INTEGERKEY, &seen_);
  if (code == 0) code = ::mdb_dbi_open(transaction, "about", make, &about_);
  std::uint32_t version = 0;
  if (code == 0) code = get(transaction, about_, key_of("version"), version);
  if (code == MDB_NOTFOUND && write) {
    version = kTokenVersion;
    code = put(transaction, about_, key_of("version"), version);
  }
  if (code == 0 && version != kTokenVersion) code = kOtherVersion;
  if (code != 0) {
    ::mdb_txn_abort(transaction);
    return code;
  }
  return ::mdb_txn_commit(transaction);
}

Store::Store(Store&& other) noexcept
    : sole_(std::move(other.sole_)),
      folder_(std::move(other.folder_)),
      environment_(std::exchange(other.environment_, nullptr)),
      tokens_(other.tokens_),
      seen_(other.seen_),
      about_(other.about_) {}

Store::~Store() {
  if (environment_ != nullptr) ::mdb_env_close(environment_);
}

std::uint64_t Store::revision() const noexcept {
  MDB_envinfo info{};
  return ::mdb_env_info(environment_, &info) == 0 ? info.me_last_txnid : 0;
}

std::expected<Store::Facts, std::string> Store::facts() const {
  const ReadTransaction transaction(environment_);
  MDB_stat tokens{};
  MDB_envinfo info{};
  MDB_stat pages{};
  int code = transaction.code;
  if (code == 0) code = ::mdb_stat(transaction, tokens_, &tokens);
  if (code == 0) code = ::mdb_env_info(environment_, &info);
  if (code == 0) code = ::mdb_env_stat(environment_, &pages);
  Facts facts;
  if (code == 0) code = get(transaction, about_, key_of("learned"), facts.learned);
  if (code != 0 && code != MDB_NOTFOUND) return std::unexpected(fault(code));
  facts.tokens = tokens.ms_entries;
  facts.bytes_used = (info.me_last_pgno + 1) * pages.ms_psize;
  facts.bytes_max = info.me_mapsize;
  return facts;
}

std::expected<std::shared_ptr<const Model>, std::string> Store::model(
    const Parameters& parameters) const {
  const ReadTransaction transaction(environment_);
  Counts learned;
  int code = transaction.code;
  if (code == 0) code = get(transaction, about_, key_of("learned"), learned);
  if (code != 0 && code != MDB_NOTFOUND) return std::unexpected(fault(code));
  code = 0;
  auto model = std::make_shared<const Model>(
      learned,
      [&](const Model::Visit& visit) {
        const int ended = for_each_token(transaction, tokens_,
                                         [&](Token token, const Record& record, MDB_cursor*) {
                                           visit(token, record.counts);
                                           return 0;
                                         });
        code = ended != 0 ? ended : code;
      },
      parameters);
  if (code != 0) return std::unexpected(fault(code));
  return model;
}

std::expected<Store::Batch, std::string> Store::begin(std::uint32_t today) {
  MDB_txn* transaction = nullptr;
  int code = ::mdb_txn_begin(environment_, nullptr, 0, &transaction);
  if (code != 0) return std::unexpected(fault(code));
  Batch batch(*this, transaction, today);
  code = get(transaction, about_, key_of("learned"), batch.learned_);
  if (code != 0 && code != MDB_NOTFOUND) return std::unexpected(fault(code));
  return batch;
}

Store::Batch::Batch(const Store& store, MDB_txn* transaction, std::uint32_t today)
    : store_(&store), transaction_(transaction), today_(today) {}

Store::Batch::Batch(Batch&& other) noexcept
    : store_(other.store_),
      transaction_(std::exchange(other.transaction_, nullptr)),
      today_(other.today_),
      learned_(other.learned_) {}

Store::Batch::~Batch() {
  if (transaction_ != nullptr) ::mdb_txn_abort(transaction_);
}

// Counts never go below 0: a message may come back changed, with tokens that it never added.
int Store::Batch::count(Token token, Learn kind, int change) {
  Record record;
  const int code = get(transaction_, store_->tokens_, value_of(token), record);
  if (code != 0 && code != MDB_NOTFOUND) return code;
  std::uint32_t& counter = kind == Learn::spam ? record.counts.spam : record.counts.ham;
  if (change > 0)
    counter += 1;
  else if (counter > 0)
    counter -= 1;
  if (record.counts.spam + record.counts.ham == 0) {
    if (code == MDB_NOTFOUND) return 0;
    MDB_val key = value_of(token);
    return ::mdb_del(transaction_, store_->tokens_, &key, nullptr);
  }
  record.day = today_;
  return put(transaction_, store_->tokens_, value_of(token), record);
}

std::expected<Learned, std::string> Store::Batch::learn(Learn what, Token identity,
                                                        std::span<const Token> tokens) {
  MDB_txn* const transaction = transaction_;
  char seen = 0;
  int code = get(transaction, store_->seen_, value_of(identity), seen);
  if (code != 0 && code != MDB_NOTFOUND) return std::unexpected(store_->fault(code));
  const bool was_known = code == 0;
  const Learn was = seen == 's' ? Learn::spam : Learn::ham;
  if (was_known && was == what) return Learned::known;
  if (!was_known && what == Learn::forget) return Learned::unknown;
  const auto change_all = [&](Learn kind, int change) {
    std::uint32_t& messages = kind == Learn::spam ? learned_.spam : learned_.ham;
    messages = change > 0 ? messages + 1 : messages - std::min(messages, 1U);
    for (std::size_t i = 0; code == 0 && i < tokens.size(); ++i)
      code = count(tokens[i], kind, change);
  };
  code = 0;
  if (was_known) change_all(was, -1);
  if (what != Learn::forget) change_all(what, 1);
  MDB_val key = value_of(identity);
  if (code == 0)
    code = what == Learn::forget
               ? ::mdb_del(transaction, store_->seen_, &key, nullptr)
               : put(transaction, store_->seen_, key, what == Learn::spam ? 's' : 'h');
  if (code != 0) return std::unexpected(store_->fault(code));
  if (what == Learn::forget) return Learned::forgotten;
  return was_known ? Learned::changed : Learned::added;
}

std::expected<bool, std::string> Store::Batch::knows(Token identity) const {
  char seen = 0;
  const int code = get(transaction_, store_->seen_, value_of(identity), seen);
  if (code != 0 && code != MDB_NOTFOUND) return std::unexpected(store_->fault(code));
  return code == 0;
}

std::expected<std::uint64_t, std::string> Store::Batch::expire(std::uint32_t day) {
  std::uint64_t removed = 0;
  const int code = for_each_token(
      transaction_, store_->tokens_, [&](Token, const Record& record, MDB_cursor* cursor) {
        if (record.day >= day || record.counts.spam + record.counts.ham > 1) return 0;
        ++removed;
        return ::mdb_cursor_del(cursor, 0);
      });
  if (code != 0) return std::unexpected(store_->fault(code));
  return removed;
}

std::expected<void, std::string> Store::Batch::commit() {
  int code = put(transaction_, store_->about_, key_of("learned"), learned_);
  if (code == 0) code = ::mdb_txn_commit(std::exchange(transaction_, nullptr));
  if (code != 0) return std::unexpected(store_->fault(code));
  return {};
}

}  // namespace sluice::scan::bayes
