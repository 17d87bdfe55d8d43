#include "scanners/spamassassin/lists.h"

#include <algorithm>
#include <array>

#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

template <typename Visit>
void for_each_word(const RuleBook& book, std::string_view setting, Visit&& visit) {
  for (std::string_view line : book.setting(setting))
    for (std::string_view word = next_word(line); !word.empty(); word = next_word(line))
      visit(lower_case(word));
}

// "(NAME) word word": NAME, and the rest in `line`.
std::string_view take_list_name(std::string_view& line) {
  std::string_view name = next_word(line);
  if (name.size() > 2 && name.starts_with('(') && name.ends_with(')'))
    return name.substr(1, name.size() - 2);
  return {};
}

// What no provider gives to a person.
bool is_role(std::string_view user) {
  constexpr std::array<std::string_view, 9> kRoles{"abuse",   "support",    "sales",
                                                   "info",    "helpdesk",   "contact",
                                                   "kontakt", "postmaster", "hostmaster"};
  if (std::ranges::find(kRoles, user) != kRoles.end() || user == "domainmaster") return true;
  const auto hex = [](std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == text.npos;
  };
  if (user.starts_with("undisclosed") || user.starts_with("bounce-") ||
      user.starts_with("bounced-"))
    return true;
  if (user.starts_with("request-") && user.size() == 24 && hex(user.substr(8))) return true;
  if (std::ranges::count(user, '=') >= 2 && !user.starts_with('=') && !user.ends_with('='))
    return true;
  if (user.size() == 17 && user[8] == '.' && hex(user.substr(0, 8)) && hex(user.substr(9)))
    return true;
  return user.size() == 36 && user[8] == '-' && user[13] == '-' && user[18] == '-' &&
         user[23] == '-' && hex(user.substr(0, 8)) && hex(user.substr(24));
}

}  // namespace

// The end first, in which most differ. Of the rest the last "*" alone is ever returned to: what was
// before it stays matched.
bool matches_glob(std::string_view text, std::string_view pattern) noexcept {
  for (; !pattern.empty() && pattern.back() != '*'; pattern.remove_suffix(1)) {
    if (text.empty() || (pattern.back() != '?' && pattern.back() != text.back())) return false;
    text.remove_suffix(1);
  }
  if (pattern.empty()) return text.empty();
  std::size_t at = 0, in = 0, star = pattern.npos, star_at = 0;
  while (at < text.size()) {
    if (in < pattern.size() && pattern[in] == '*') {
      star = in++;
      star_at = at;
    } else if (in < pattern.size() && (pattern[in] == '?' || pattern[in] == text[at])) {
      ++in;
      ++at;
    } else if (star != pattern.npos) {
      in = star + 1;
      at = ++star_at;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in) == pattern.npos;
}

void AddressList::add(std::string_view pattern) {
  std::string lower = lower_case(pattern);
  if (lower.find_first_of("*?") == std::string::npos)
    exact_.insert(std::move(lower));
  else
    globs_.push_back(std::move(lower));
}

bool AddressList::contains(std::string_view address) const {
  if (address.size() > kListedAddressMax) return false;
  const std::string lower = lower_case(address);
  return exact_.contains(lower) || std::ranges::any_of(globs_, [&](const std::string& glob) {
           return matches_glob(lower, glob);
         });
}

Lists::Lists(const RuleBook& book) {
  read_addresses(book);
  read_hosts(book);
  read_freemail(book);
}

void Lists::read_addresses(const RuleBook& book) {
  struct Setting {
    std::string_view name, former;
  };
  constexpr std::array<Setting, 7> kSettings{
      {{"welcomelist_from", "whitelist_from"},
       {"blocklist_from", "blacklist_from"},
       {"welcomelist_to", "whitelist_to"},
       {"blocklist_to", "blacklist_to"},
       {"more_spam_to", ""},
       {"all_spam_to", ""},
       {"welcomelist_bounce_relays", "whitelist_bounce_relays"}}};
  for (const Setting& setting : kSettings)
    for (const std::string_view name : {setting.name, setting.former})
      for_each_word(book, name, [&](const std::string& word) {
        addresses_[std::string(setting.name)].add(word);
      });
  for (std::string_view line : book.setting("enlist_addrlist")) {
    const std::string list(take_list_name(line));
    for (std::string_view word = next_word(line); !word.empty(); word = next_word(line))
      addresses_[list].add(word);
  }
  for (const std::string_view name : {"welcomelist_from_rcvd", "whitelist_from_rcvd",
                                      "def_welcomelist_from_rcvd", "def_whitelist_from_rcvd"})
    for (std::string_view line : book.setting(name)) {
      RelayedSender sender;
      sender.pattern = lower_case(next_word(line));
      sender.relay = lower_case(next_word(line));
      (name.starts_with("def_") ? default_relayed_ : relayed_).push_back(std::move(sender));
    }
  for (const std::string_view name :
       {"welcomelist_subject", "whitelist_subject", "blocklist_subject", "blacklist_subject"})
    for (const std::string& line : book.setting(name))
      (name.starts_with('w') ? welcome_subjects_ : block_subjects_)
          .push_back(lower_case(trim(line)));
}

void Lists::read_hosts(const RuleBook& book) {
  const auto add = [this](std::string_view list, std::string_view word) {
    const bool out = word.starts_with('!');
    if (!host_list(list)) host_lists_.emplace_back(list);
    const HostEntry entry{*host_list(list), !out};
    std::vector<HostEntry>& entries = hosts_[lower_case(word.substr(out ? 1 : 0))];
    std::erase_if(entries, [&](const HostEntry& former) { return former.list == entry.list; });
    entries.push_back(entry);
  };
  for (std::string_view line : book.setting("enlist_uri_host")) {
    const std::string_view list = take_list_name(line);
    for (std::string_view word = next_word(line); !word.empty(); word = next_word(line))
      add(list, word);
  }
  for (const char* name : {"blocklist_uri_host", "blacklist_uri_host"})
    for_each_word(book, name, [&](const std::string& word) { add("BLOCK", word); });
  for (const char* name : {"welcomelist_uri_host", "whitelist_uri_host"})
    for_each_word(book, name, [&](const std::string& word) { add("WELCOME", word); });
}

void Lists::read_freemail(const RuleBook& book) {
  for_each_word(book, "freemail_domains", [this](std::string word) {
    if (word.find_first_of("*?") == std::string::npos)
      freemail_.insert(std::move(word));
    else
      freemail_globs_.push_back({word, std::ranges::count(word, '.')});
  });
  for (const char* name : {"freemail_welcomelist", "freemail_whitelist"})
    for_each_word(book, name,
                  [this](std::string word) { freemail_exempt_.insert(std::move(word)); });
}

const AddressList& Lists::addresses(std::string_view list) const {
  static const AddressList kNone;
  const auto found = addresses_.find(list);
  return found == addresses_.end() ? kNone : found->second;
}

std::optional<HostListNumber> Lists::host_list(std::string_view name) const {
  const auto found = std::ranges::find(host_lists_, name);
  if (found == host_lists_.end()) return {};
  return static_cast<HostListNumber>(found - host_lists_.begin());
}

std::span<const HostEntry> Lists::host_entries(std::string_view host) const {
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) return {};
  return found->second;
}

bool Lists::is_freemail(std::string_view address) const {
  const std::size_t at = address.rfind('@');
  if (address.empty() || address.size() > kListedAddressMax) return false;
  const std::string_view domain = address.substr(at == address.npos ? 0 : at + 1);
  if (freemail_exempt_.contains(address) || freemail_exempt_.contains(domain) ||
      (at != address.npos && is_role(address.substr(0, at))))
    return false;
  if (freemail_.contains(domain)) return true;
  const auto dots = std::ranges::count(domain, '.');
  return std::ranges::any_of(freemail_globs_, [&](const DomainGlob& glob) {
    return glob.dots == dots && matches_glob(domain, glob.pattern);
  });
}

}  // namespace sluice::scan::sa
