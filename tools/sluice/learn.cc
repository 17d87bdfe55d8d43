// `sluice learn spam|ham|forget PATH…`: what the classifier knows. The engine looks at the database
// from time to time, so that what is learned here counts there without a reload.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/control/bayes_models.h"
#include "scanners/bayes/message_tokens.h"
#include "scanners/bayes/store.h"
#include "tools/sluice/mail_files.h"
#include "tools/sluice/report.h"

namespace sluice::tools {
namespace {

using nlohmann::json;
namespace bayes = scan::bayes;

constexpr std::uint64_t kMessagesPerCommit = 500;

struct LearnOptions {
  std::vector<std::string> paths;
  std::string database;  // a folder; empty: that of the configuration
  std::string domain;
  bool as_json = false;
  std::uint32_t expire_days = 0;
};

struct Database {
  std::string folder;
  std::uint64_t bytes_max = 0;
};

// Nothing when the configuration cannot be read, which was said then.
std::optional<Database> database_of(const Options& options, const LearnOptions& learn) {
  if (!learn.database.empty()) return Database{learn.database, config::Bayes().database_bytes_max};
  const auto config = load_config(options);
  if (config == nullptr) return {};
  const auto& domains = config->bayes.domains;
  if (!learn.domain.empty() && std::ranges::find(domains, learn.domain) == domains.end()) {
    fail(fmt::format("{}: is not among bayes.domains, the domains with a database of their own",
                     learn.domain));
    return {};
  }
  return Database{control::bayes_folder(*config, learn.domain), config->bayes.database_bytes_max};
}

std::uint32_t today() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::days>(since).count());
}

struct Tally {
  std::uint64_t messages = 0, added = 0, changed = 0, known = 0, forgotten = 0, unknown = 0;
  std::uint64_t unreadable = 0;

  void count(bayes::Learned outcome) {
    ++messages;
    switch (outcome) {
      case bayes::Learned::added: ++added; break;
      case bayes::Learned::changed: ++changed; break;
      case bayes::Learned::known: ++known; break;
      case bayes::Learned::forgotten: ++forgotten; break;
      case bayes::Learned::unknown: ++unknown; break;
    }
  }
};

json json_of(const bayes::Store::Facts& facts) {
  return {{"spam", facts.learned.spam},
          {"ham", facts.learned.ham},
          {"tokens", facts.tokens},
          {"octets", facts.bytes_used},
          {"octets_max", facts.bytes_max}};
}

int print_stats(const bayes::Store& store, const std::string& folder, bool as_json) {
  const auto facts = store.facts();
  if (!facts) return fail(facts.error());
  if (as_json) {
    json row = json_of(*facts);
    row["database"] = folder;
    std::printf("%s\n", row.dump().c_str());
    return 0;
  }
  const std::uint32_t least = bayes::Parameters().learned_min;
  const bool ready = facts->learned.spam >= least && facts->learned.ham >= least;
  std::printf("%s: %u spam, %u ham; %llu tokens in %llu of %llu KiB%s\n", folder.c_str(),
              facts->learned.spam, facts->learned.ham,
              static_cast<unsigned long long>(facts->tokens),
              static_cast<unsigned long long>(facts->bytes_used / 1024),
              static_cast<unsigned long long>(facts->bytes_max / 1024),
              ready ? "" : "; it has no opinion before 200 of each are learned");
  return 0;
}

// Reads messages and learns them, so many at a time that a commit does not weigh.
class Learner {
 public:
  Learner(bayes::Store& store, bayes::Learn what) : store_(store), what_(what) {}

  // Empty, or why it cannot go on.
  std::string learn(std::string_view message) {
    const auto tokens = tokens_.read(as_bytes(message));
    if (!batch_) {
      auto begun = store_.begin(today());
      if (!begun) return begun.error();
      batch_.emplace(std::move(*begun));
    }
    const auto outcome = batch_->learn(what_, tokens_.identity(), tokens);
    if (!outcome) return outcome.error();
    tally_.count(*outcome);
    return tally_.messages % kMessagesPerCommit == 0 ? commit() : std::string();
  }
  std::string commit() {
    if (!batch_) return {};
    const auto done = batch_->commit();
    batch_.reset();
    return done ? std::string() : done.error();
  }
  Tally& tally() { return tally_; }

 private:
  bayes::Store& store_;
  bayes::Learn what_;
  Tally tally_;
  bayes::MessageTokens tokens_;
  std::optional<bayes::Store::Batch> batch_;
};

void print_tally(const Tally& tally, bool as_json) {
  if (as_json) {
    std::printf("%s\n", json{{"messages", tally.messages},
                             {"added", tally.added},
                             {"changed", tally.changed},
                             {"known", tally.known},
                             {"forgotten", tally.forgotten},
                             {"unknown", tally.unknown},
                             {"unreadable", tally.unreadable}}
                            .dump()
                            .c_str());
    return;
  }
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf("%llu messages: %llu learned, %llu learned as the other kind before, %llu known",
              number(tally.messages), number(tally.added), number(tally.changed),
              number(tally.known));
  if (tally.forgotten + tally.unknown > 0)
    std::printf(", %llu forgotten, %llu never learned", number(tally.forgotten),
                number(tally.unknown));
  std::printf("\n");
}

int learn_files(const Database& database, const LearnOptions& options, bayes::Learn what) {
  auto store = bayes::Store::open(database.folder, bayes::Store::Access::write, database.bytes_max);
  if (!store) return fail(store.error());
  Learner learner(*store, what);
  const std::vector<MailFile> files = mail_files(options.paths);
  std::string fault;
  {
    Progress progress(files);
    for (const MailFile& file : files) {
      const Visited visited =
          for_each_message(file, [&](const std::string&, std::string_view message) {
            fault = learner.learn(message);
            return fault.empty();
          });
      if (visited == Visited::unreadable) {
        ++learner.tally().unreadable;
        std::fprintf(stderr, "%s: cannot be read\n", file.path.c_str());
      }
      if (!fault.empty()) break;
      progress.at(file, learner.tally().messages);
    }
  }
  if (fault.empty()) fault = learner.commit();
  if (!fault.empty()) return fail(fault);
  print_tally(learner.tally(), options.as_json);
  return learner.tally().unreadable == 0 ? 0 : 1;
}

int stats(const Database& database, bool as_json) {
  const auto store = bayes::Store::open(database.folder, bayes::Store::Access::read, 0);
  return store ? print_stats(*store, database.folder, as_json) : fail(store.error());
}

int expire(const Database& database, const LearnOptions& options) {
  auto store = bayes::Store::open(database.folder, bayes::Store::Access::write, database.bytes_max);
  if (!store) return fail(store.error());
  auto batch = store->begin(today());
  if (!batch) return fail(batch.error());
  const std::uint32_t now = today();
  const auto removed = batch->expire(now - std::min(now, options.expire_days));
  if (!removed) return fail(removed.error());
  if (const auto done = batch->commit(); !done) return fail(done.error());
  return said({.as_json = options.as_json}, counted(*removed, "token") + " removed",
              {{"removed", *removed}});
}

using Run = std::function<int(const Database&, const LearnOptions&)>;

CLI::App* add_verb(CLI::App& learn, Options& options, std::shared_ptr<LearnOptions> given,
                   const char* name, const char* what, Run run) {
  auto* command = learn.add_subcommand(name, what);
  command->add_option("--database", given->database,
                      "folder of the database; else the [bayes] directory of the configuration");
  command->add_option("--domain", given->domain, "the database of this recipient domain");
  command->callback([&options, given, run = std::move(run)] {
    options.run = [&options, given, run] {
      const auto database = database_of(options, *given);
      return database ? run(*database, *given) : 1;
    };
  });
  return command;
}

void add_kind(CLI::App& learn, Options& options, std::shared_ptr<LearnOptions> given,
              const char* name, const char* what, bayes::Learn kind) {
  auto* command = add_verb(learn, options, given, name, what,
                           [kind](const Database& database, const LearnOptions& asked) {
                             return learn_files(database, asked, kind);
                           });
  command->add_option("path", given->paths, "messages, mbox files, folders (Maildir)")->required();
  command->add_flag("--json", given->as_json, "the figures as JSON");
  command->footer(fmt::format("Example: sluice learn {} Maildir/.{}", name, name));
}

}  // namespace

void add_learn(CLI::App& app, Options& options) {
  auto* learn = app.add_subcommand("learn", "teach the classifier what is spam and what is not");
  learn->require_subcommand(1);
  learn->footer("Example: sluice learn spam Maildir/.spam");
  auto given = std::make_shared<LearnOptions>();
  add_kind(*learn, options, given, "spam", "these are spam", bayes::Learn::spam);
  add_kind(*learn, options, given, "ham", "these are wanted", bayes::Learn::ham);
  add_kind(*learn, options, given, "forget", "as if these had never been learned",
           bayes::Learn::forget);
  auto* figures = add_verb(*learn, options, given, "stats", "what was learned so far",
                           [](const Database& database, const LearnOptions& asked) {
                             return stats(database, asked.as_json);
                           });
  figures->add_flag("--json", given->as_json, "as JSON");
  figures->footer("Example: sluice learn stats --json");
  auto* old =
      add_verb(*learn, options, given, "expire", "forget tokens that only one message had", expire);
  old->add_option("--days", given->expire_days, "and that not within so many days")->required();
  old->add_flag("--json", given->as_json, "as JSON");
  old->footer("Example: sluice learn expire --days 180");
}

}  // namespace sluice::tools
