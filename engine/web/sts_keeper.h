// Keeps the policies of all domains: answers what is known, has fetched what is not, once for all
// who ask, and stores what came. Does no network I/O itself; one thread.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/web/sts_desk.h"
#include "engine/web/sts_fetch.h"
#include "engine/web/sts_files.h"

namespace sluice::web {

class StsKeeper {
 public:
  struct Settings {
    std::string directory;
    StsCache::Rules rules;
    StsFetchRules fetch;
  };
  explicit StsKeeper(Settings settings);

  // What the disk has; the text says what is wrong with it, empty: nothing.
  std::string load(WallTime now);

  void ask(StsDesk& desk, StsRequest request, WallTime now);
  // A fetch that is to be made, and how it ended.
  struct Fetch {
    std::string domain;
    HttpsRequest request;
  };
  std::optional<Fetch> next_fetch();
  void fetched(const std::string& domain, HttpsResult result, WallTime now);

  // What could not be stored since the last call; empty: nothing.
  std::string take_trouble() { return std::exchange(trouble_, {}); }

 private:
  struct Waiting {
    StsDesk* desk;
    std::uint64_t token;
  };
  struct Pending {  // wanted, or on its way
    std::string id;
    std::vector<Waiting> waiting;
  };
  void want(const StsQuery& query);
  StsState settle(const std::string& domain, const std::string& id, HttpsResult result,
                  WallTime now);

  Settings settings_;
  StsCache cache_;
  StsFiles files_;
  std::map<std::string, Pending> pending_;
  std::deque<Fetch> wanted_;
  std::string trouble_;
};

}  // namespace sluice::web
