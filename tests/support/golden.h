// Tables of numbers that are kept in the tree (tests/golden), so that a change of behaviour shows
// as changed rows in review. With SLUICE_GOLDEN=update in the environment the files are written
// instead of compared.
#pragma once

#include <string>
#include <vector>

namespace sluice::test {

// Sanitizers make everything an order slower; then a table may be a part of its rows.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSlowBuild = true;
#else
inline constexpr bool kSlowBuild = false;
#endif

// Empty when `rows` are what tests/golden/`name` says, else the rows that differ. In a slow build
// every given row must be in the file; else the file must be exactly these rows.
std::string compare_golden(const std::string& name, const std::vector<std::string>& rows);

}  // namespace sluice::test
