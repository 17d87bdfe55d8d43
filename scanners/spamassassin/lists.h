// Settings that are lists of addresses, domains and hosts, made ready to be looked into.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "scanners/spamassassin/rule_book.h"

namespace sluice::scan::sa {

// Whether `text` is what `pattern` says: "?" is any octet, "*" any number of them.
bool matches_glob(std::string_view text, std::string_view pattern) noexcept;

inline constexpr std::size_t kListedAddressMax = 320;  // octets; longer ones are in no list

struct TextHash : std::hash<std::string_view> {
  using is_transparent = void;
};
using TextSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

class AddressList {
 public:
  void add(std::string_view pattern);             // "joe@example.com", "*@example.com"
  bool contains(std::string_view address) const;  // in any case
  bool empty() const noexcept { return exact_.empty() && globs_.empty(); }

 private:
  TextSet exact_;
  std::vector<std::string> globs_;
};

// "welcomelist_from_rcvd *@example.com example.net": from there by way of a host named so.
struct RelayedSender {
  std::string pattern;
  std::string relay;  // a domain, or "[192.0.2.1]"
};

using HostListNumber = std::uint32_t;
struct HostEntry {
  HostListNumber list = 0;
  bool in = true;  // or "!host": it is not, though a domain above it may be
};

class Lists {
 public:
  Lists() = default;
  explicit Lists(const RuleBook& book);

  // By the setting's present name ("welcomelist_from"), or by "(NAME)" of enlist_addrlist; empty
  // when there is none of that name.
  const AddressList& addresses(std::string_view list) const;
  const std::vector<RelayedSender>& relayed(bool by_default) const noexcept {
    return by_default ? default_relayed_ : relayed_;
  }
  // Lists "(NAME)" of enlist_uri_host, and what they say of just that host: ListedHosts asks for
  // the domains above it.
  std::size_t host_lists() const noexcept { return host_lists_.size(); }
  std::optional<HostListNumber> host_list(std::string_view name) const;
  std::span<const HostEntry> host_entries(std::string_view host) const;
  bool is_freemail(std::string_view address) const;  // in lower case
  bool knows_freemail() const noexcept { return !freemail_.empty() || !freemail_globs_.empty(); }
  const std::vector<std::string>& subjects(bool welcome) const noexcept {
    return welcome ? welcome_subjects_ : block_subjects_;
  }

 private:
  void read_addresses(const RuleBook& book);
  void read_hosts(const RuleBook& book);
  void read_freemail(const RuleBook& book);

  std::map<std::string, AddressList, std::less<>> addresses_;
  struct DomainGlob {
    std::string pattern;
    std::ptrdiff_t dots = 0;  // in it: "*" goes over none
  };
  std::vector<std::string> host_lists_;
  std::unordered_map<std::string, std::vector<HostEntry>, TextHash, std::equal_to<>> hosts_;
  TextSet freemail_;
  std::vector<DomainGlob> freemail_globs_;
  TextSet freemail_exempt_;
  std::vector<RelayedSender> relayed_, default_relayed_;
  std::vector<std::string> welcome_subjects_, block_subjects_;
};

}  // namespace sluice::scan::sa
