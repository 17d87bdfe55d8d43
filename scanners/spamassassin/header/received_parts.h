// The parts of a Received field that can be read without knowing which program wrote it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scanners/mime/octet_search.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {

bool contains(std::string_view text, std::string_view part);       // in any case
bool starts_with(std::string_view text, std::string_view prefix);  // in any case
// "[IPv6:2001:db8::1%eth0]:25" to "2001:db8::1"; empty when it is no address.
std::string address_of(std::string_view text);
// The word behind `key`, up to what `stop` holds.
std::string word_behind(std::string_view text, std::string_view key, const mime::OctetSet& stop);
// What stands in the way of patterns like "[^ ]* helo=…" becomes "!".
std::string clean(std::string text);
std::string_view nth_word(std::string_view text, std::size_t n);  // from 0; or empty

// "from" up to "by", taken apart: the first word, and the texts in parentheses behind it.
struct Origin {
  std::string_view first;
  std::vector<std::string_view> comments;
  std::string_view bracketed;  // "[…]" outside parentheses
  bool glued = false;          // "host(192.0.2.1)": no space between
};
Origin take_apart(std::string_view text);

// How the client proved who it is; empty: not.
std::string authentication(std::string_view text);

}  // namespace sluice::scan::sa
