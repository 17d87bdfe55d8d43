// Makes pattern sets ready to scan, with several threads and out of a cache: expressions are
// compiled by PCRE2 and judged, then Hyperscan gets them in chunks (the time of one compile grows
// faster than what it is given), and what does not suit it is looked for by its factors.
#pragma once

#include <string>
#include <vector>

#include "scanners/spamassassin/pattern/artifact_cache.h"
#include "scanners/spamassassin/pattern/jobs.h"
#include "scanners/spamassassin/pattern/pattern_set.h"

namespace sluice::scan::sa {

struct PatternFault {
  std::uint32_t rule = 0;
  std::string reason;
};

class PatternCompiler {
 public:
  PatternCompiler(ArtifactCache& cache, unsigned threads) : cache_(cache), threads_(threads) {}

  // What looks at texts of that kind; the number of the set.
  std::size_t add(std::vector<Pattern> patterns, Kind kind);
  void run();
  // After run(), once for each set. What is no regular expression is left out and told.
  PatternSet take(std::size_t set, std::vector<PatternFault>& faults);

 private:
  struct DatabaseDraft {
    std::vector<hyperscan::Expression> expressions;  // their ids are their places
    std::optional<hyperscan::Database> database;
    std::vector<std::uint32_t> refused;  // ids: Hyperscan finds them too large
  };
  struct Draft {
    Pattern pattern;
    std::optional<pcre::Expression> expression;
    std::optional<pcre::Expression> opening;
    std::string fault;
    PatternPlan plan;
    std::optional<std::size_t> guard;  // of the set
  };
  struct GuardDraft {
    LooseRegex regex;
    std::optional<RegexNode> copy;  // whose seams it looks for
    bool shared = false;
    DatabaseDraft made;
  };
  struct RowDraft {
    std::string text;                   // as Hyperscan gets it
    std::vector<std::uint32_t> drafts;  // of the set: it is of their factors
  };
  struct ChunkDraft {
    std::vector<std::uint32_t> drafts;  // of the set
    std::vector<RowDraft> rows;
    DatabaseDraft made;  // of each draft, then of each row
  };
  struct SetDraft {
    Kind kind = Kind::body;
    std::vector<Draft> drafts;
    std::vector<GuardDraft> guards;
    std::vector<ChunkDraft> chunks;  // for Hyperscan
  };

  static void judge(Draft& draft, Kind kind);
  static void gather_guards(SetDraft& set);
  static bool join(GuardDraft& guard, const PatternPlan& plan);
  static std::vector<ChunkDraft> split(const SetDraft& set);
  static void add_rows(const SetDraft& set, ChunkDraft& chunk);
  static void take_guards(SetDraft& set, PatternSet& made);
  static PatternSet::Chunk finish(ChunkDraft& chunk, const std::vector<std::uint32_t>& place);
  void compile(DatabaseDraft& draft);

  ArtifactCache& cache_;
  unsigned threads_;
  std::vector<SetDraft> sets_;
};

}  // namespace sluice::scan::sa
