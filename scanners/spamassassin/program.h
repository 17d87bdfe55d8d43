// A rule book made ready to run: patterns in sets by what they look at, meta rules in an order in
// which each finds its parts done. Immutable, shared by all cores.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scanners/spamassassin/eval.h"
#include "scanners/spamassassin/expression.h"
#include "scanners/spamassassin/header/field_rules.h"
#include "scanners/spamassassin/pattern/pattern_compiler.h"
#include "scanners/spamassassin/rule_book.h"

namespace sluice::scan::sa {

struct ProgramOptions {
  std::size_t score_set = 0;  // bit 0: network tests, bit 1: classifier
  unsigned threads = 1;       // that compile
  std::string cache;          // a folder that keeps what was compiled; empty: nothing is kept
};

// Why a rule does not run though it is written correctly.
struct Unsupported {
  std::string rule;
  std::string reason;
};

class Program {
 public:
  // Expressions that do not compile and the like become problems, their rules never hit.
  static std::shared_ptr<const Program> compile(RuleBook book, const ProgramOptions& options,
                                                config::Problems& problems);

  // Rules over one header field, or over one field of each part.
  struct FieldGroup {
    HeaderTarget target;
    std::optional<std::uint8_t> name_hash;  // HeaderStore::name_hash()
    FieldRules rules;
    std::vector<std::uint32_t> negated;  // hit unless they match
    std::vector<std::uint32_t> exists;   // hit when there is such a field
    // What stands for the field where there is none; rules that differ in that are in groups of
    // their own.
    std::string if_unset;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> unset_hits;  // in it: rule, count
  };
  struct Meta {
    std::uint32_t rule = 0;
    Expression expression;
    float value(std::span<const float> counts) const noexcept;
  };
  struct Eval {
    std::uint32_t rule = 0;
    EvalFunction function = nullptr;
    bool of_header = false;          // looks at nothing else
    std::vector<std::string> words;  // its arguments
    Kind place = Kind::header;
    std::optional<pcre::Expression> expression;  // of its argument
  };

  // What a hit has to know of its rule; side by side, for rules are large.
  struct Limit {
    float most = 1;  // hits that count; 0: all
    bool multiple = false;
    bool no_subject = false;
    bool negated = false;
    bool reported = false;  // no helper
    bool anchored = false;  // asks for the beginning or the end of its text
  };

  const RuleBook& book() const noexcept { return book_; }
  const Rule& rule(std::uint32_t index) const noexcept { return book_.rules[index]; }
  const Limit& limit(std::uint32_t index) const noexcept { return limits_[index]; }
  float score(std::uint32_t index) const noexcept { return scores_[index]; }
  const std::vector<Unsupported>& unsupported() const noexcept { return unsupported_; }
  // What was found and made in the cache, and what was wrong with it: a line each.
  const std::vector<std::string>& notes() const noexcept { return notes_; }

  const PatternSet& body() const noexcept { return body_; }
  const PatternSet& rawbody() const noexcept { return rawbody_; }
  const PatternSet& full() const noexcept { return full_; }
  const PatternSet& uri() const noexcept { return uri_; }
  const std::vector<FieldGroup>& headers() const noexcept { return headers_; }
  const std::vector<FieldGroup>& part_headers() const noexcept { return part_headers_; }
  const std::vector<Meta>& metas() const noexcept { return metas_; }
  // The places in metas() of those whose value may change when that of the rule does; of rules
  // that a meta needs together, one alone has it.
  std::span<const std::uint32_t> metas_of(std::uint32_t rule) const noexcept {
    return std::span(meta_places_)
        .subspan(metas_begin_[rule], metas_begin_[rule + 1] - metas_begin_[rule]);
  }
  // What counts are while no rule but those metas hits: "!A" does.
  const std::vector<float>& quiet_counts() const noexcept { return quiet_counts_; }
  const std::vector<std::uint32_t>& reported() const noexcept { return reported_; }  // no helpers
  const std::vector<Eval>& evals() const noexcept { return evals_; }
  const Lists& lists() const noexcept { return lists_; }
  void grow(PatternTools& tools) const;
  void grow(FieldTools& tools) const;
  std::size_t largest_set() const noexcept;  // expressions

 private:
  template <typename Visit>
  void for_each_set(Visit&& visit) const;
  friend class ProgramCompiler;
  RuleBook book_;
  std::vector<Limit> limits_;  // of each rule
  std::vector<float> scores_;
  std::vector<Unsupported> unsupported_;
  std::vector<std::string> notes_;
  PatternSet body_, rawbody_, full_, uri_;
  std::vector<FieldGroup> headers_;
  std::vector<FieldGroup> part_headers_;
  std::vector<Meta> metas_;
  std::vector<std::uint32_t> meta_places_;  // of one rule behind the other
  std::vector<std::uint32_t> metas_begin_;  // of each rule, and the end
  std::vector<float> quiet_counts_;
  std::vector<std::uint32_t> reported_;
  std::vector<Eval> evals_;
  Lists lists_;
};

}  // namespace sluice::scan::sa
