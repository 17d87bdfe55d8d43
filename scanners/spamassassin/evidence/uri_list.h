// The links of a message as "uri" rules see them: each as it was written and in the forms that a
// browser, or somebody who follows it by hand, may make of it (Mail::SpamAssassin::Util,
// uri_list_canonicalize). Every form once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace sluice::scan::sa {

inline constexpr std::size_t kUriFormsMax = 4'000;        // of a message
inline constexpr std::size_t kUriListBytesMax = 1 << 20;  // of all of them
inline constexpr std::size_t kUriWrittenMax = 8'182;      // octets of one

class UriList {
 public:
  void clear() noexcept;
  void add_text(std::string_view written);                        // found in running text
  void add_link(std::string_view target, std::string_view base);  // of an HTML element

  const std::vector<std::string>& forms() const noexcept { return forms_; }

 private:
  void add_forms(std::string_view written, int depth);
  void add_mail_forms(std::string_view written);
  void add(std::string_view form);

  std::vector<std::string> forms_;
  std::unordered_set<std::string> seen_;
  std::size_t bytes_ = 0;
};

}  // namespace sluice::scan::sa
