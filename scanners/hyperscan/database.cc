#include "scanners/hyperscan/database.h"

#include <hs.h>

#include <cstdlib>
#include <numeric>

#include <fmt/format.h>

namespace sluice::scan::hyperscan {
namespace {

unsigned flags_of(const Expression& expression) noexcept {
  unsigned flags = expression.every ? 0 : HS_FLAG_SINGLEMATCH;
  if (expression.caseless) flags |= HS_FLAG_CASELESS;
  if (expression.dotall) flags |= HS_FLAG_DOTALL;
  if (expression.multiline) flags |= HS_FLAG_MULTILINE;
  if (expression.prefilter) flags |= HS_FLAG_PREFILTER;
  if (expression.empty) flags |= HS_FLAG_ALLOWEMPTY;
  return flags;
}

struct Attempt {
  hs_database_t* database = nullptr;
  CompileFault fault;  // when there is no database; the index is that within `chosen`
};

Attempt try_compile(std::span<const Expression> expressions, std::span<const std::size_t> chosen) {
  std::vector<const char*> texts;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  for (const std::size_t index : chosen) {
    texts.push_back(expressions[index].text.c_str());
    flags.push_back(flags_of(expressions[index]));
    ids.push_back(expressions[index].id);
  }
  hs_platform_info_t platform;
  const bool known = hs_populate_platform(&platform) == HS_SUCCESS;
  Attempt attempt;
  hs_compile_error_t* error = nullptr;
  const auto result =
      hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(texts.size()),
                       HS_MODE_BLOCK, known ? &platform : nullptr, &attempt.database, &error);
  if (result == HS_SUCCESS) return attempt;
  attempt.database = nullptr;
  attempt.fault = {error->expression >= 0 ? static_cast<std::size_t>(error->expression) : kWholeSet,
                   error->message};
  hs_free_compile_error(error);
  return attempt;
}

}  // namespace

bool is_supported(const Expression& expression) {
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* error = nullptr;
  const auto result =
      hs_expression_info(expression.text.c_str(), flags_of(expression), &info, &error);
  if (error != nullptr) hs_free_compile_error(error);
  std::free(info);
  return result == HS_SUCCESS;
}

// The library names one fault at a time: the faulty expression is left out and the rest tried
// again.
std::expected<Database, std::vector<CompileFault>> Database::compile(
    std::span<const Expression> expressions) {
  std::vector<std::size_t> chosen(expressions.size());
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  std::vector<CompileFault> faults;
  while (!chosen.empty()) {
    Attempt attempt = try_compile(expressions, chosen);
    if (attempt.database != nullptr) {
      Database database(attempt.database);
      if (faults.empty()) return database;
      break;
    }
    const std::size_t at = attempt.fault.expression;
    if (at != kWholeSet) attempt.fault.expression = chosen[at];
    faults.push_back(std::move(attempt.fault));
    if (at == kWholeSet) break;
    chosen.erase(chosen.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return std::unexpected(std::move(faults));
}

std::string Database::serialize() const {
  char* octets = nullptr;
  std::size_t size = 0;
  if (hs_serialize_database(database_.get(), &octets, &size) != HS_SUCCESS) return {};
  std::string copy(octets, size);
  std::free(octets);
  return copy;
}

std::optional<Database> Database::deserialize(ByteView octets) {
  hs_database_t* database = nullptr;
  const std::string_view text = as_text(octets);
  if (hs_deserialize_database(text.data(), text.size(), &database) != HS_SUCCESS) return {};
  return Database(database);
}

std::string Database::library() {
  hs_platform_info_t platform{};
  hs_populate_platform(&platform);
  return fmt::format("Hyperscan {} for {:x}/{:x}", hs_version(), platform.tune,
                     platform.cpu_features);
}

void Database::Free::operator()(hs_database* database) const noexcept {
  hs_free_database(database);
}

}  // namespace sluice::scan::hyperscan
