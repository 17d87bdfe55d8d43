// The links of a message as "uri" rules see them: each as it was written and in the forms that a
// browser, or somebody who follows it by hand, may make of it (Mail::SpamAssassin::Util,
// uri_list_canonicalize). Every form once.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanners/spamassassin/evidence/text_list.h"

namespace sluice::scan::sa {

inline constexpr std::size_t kUriFormsMax = 4'000;        // of a message
inline constexpr std::size_t kUriListBytesMax = 1 << 20;  // of all of them
inline constexpr std::size_t kUriWrittenMax = 8'182;      // octets of one

class UriList {
 public:
  void clear() { forms_.clear(); }
  void add_text(std::string_view written);                        // found in running text
  void add_link(std::string_view target, std::string_view base);  // of an HTML element

  const TextList& forms() const noexcept { return forms_.texts(); }

 private:
  static constexpr std::size_t kCarriedMax = 3;  // links within links

  void add_forms(std::string_view written, std::size_t depth);
  void add_mail_forms(std::string_view written);
  void add(std::string_view form);
  // "https://user@host:443/path" with another host and port, and without the user.
  void add_with(const struct Web& web, std::string_view host, std::string_view port);

  UniqueTexts forms_;
  // For their memory: what is being made.
  struct Making {
    std::string clean;
    std::string form;
  };
  std::array<Making, kCarriedMax + 1> making_;
  std::string absolute_;
  std::string other_;
};

}  // namespace sluice::scan::sa
