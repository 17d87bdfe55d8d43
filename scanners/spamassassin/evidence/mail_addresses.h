// Mail addresses in running text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::scan::sa {

// Adds those of `text` that are not in `out` yet, in lower case, up to `count_max` in all.
// Addresses within links and those before a word with a colon, as quoted headers have them, are
// none.
void find_mail_addresses(std::string_view text, std::size_t count_max,
                         std::vector<std::string>& out);

}  // namespace sluice::scan::sa
