#include "scanners/spamassassin/pattern/pattern_compiler.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include <fmt/format.h>

#include "scanners/spamassassin/pattern/alike.h"
#include "scanners/spamassassin/pattern/literal_row.h"

namespace sluice::scan::sa {
namespace {

// To be raised when the same expressions would be compiled to something else.
constexpr int kFormat = 6;
// Measured on the stock body rules: all in one database scan in 7/10 of the time that they take in
// three.
constexpr std::size_t kChunkPatterns = 640;
// Positions of a guard for two expressions, of those that the larger one has alone: with 1.03 the
// stock rules' forms are too large for Hyperscan.
constexpr double kMergedMost = 1.01;
// Texts of full rules are long and few.
constexpr std::uint32_t kFullSteps = 5'000;

std::string description_of(const char* kind, const std::string& library) {
  return fmt::format("{} {} {}\n", kind, kFormat, library);
}

void describe(const hyperscan::Expression& expression, std::string& out) {
  out += fmt::format("{}{}{}{}{}{} {} {}\n", expression.caseless, expression.dotall,
                     expression.multiline, expression.prefilter, expression.empty, expression.every,
                     expression.text.size(), expression.text);
}

void put_numbers(const std::vector<std::uint32_t>& numbers, std::string& out) {
  const auto count = static_cast<std::uint32_t>(numbers.size());
  out.append(reinterpret_cast<const char*>(&count), sizeof count);
  out.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof count);
}

bool take_numbers(ByteView& in, std::vector<std::uint32_t>& numbers, std::size_t below) {
  std::uint32_t count = 0;
  if (in.size() < sizeof count) return false;
  std::memcpy(&count, in.data(), sizeof count);
  in = in.subspan(sizeof count);
  if (count > in.size() / sizeof count) return false;
  numbers.resize(count);
  if (count > 0) std::memcpy(numbers.data(), in.data(), count * sizeof count);
  in = in.subspan(count * sizeof count);
  return std::ranges::all_of(numbers, [&](std::uint32_t number) { return number < below; });
}

}  // namespace

std::size_t PatternCompiler::add(std::vector<Pattern> patterns, Kind kind) {
  SetDraft& set = sets_.emplace_back();
  set.kind = kind;
  for (Pattern& pattern : patterns) set.drafts.push_back({std::move(pattern)});
  return sets_.size() - 1;
}

void PatternCompiler::run() {
  Jobs judging;
  for (SetDraft& set : sets_)
    for (Draft& draft : set.drafts)
      judging.push_back([&draft, kind = set.kind] { judge(draft, kind); });
  run_jobs(judging, threads_);
  Jobs compiling;
  for (SetDraft& set : sets_) {
    set.chunks = split(set);
    gather_guards(set);
    for (ChunkDraft& chunk : set.chunks)
      compiling.push_back([this, &chunk] { compile(chunk.made); });
    for (GuardDraft& guard : set.guards)
      compiling.push_back([this, &guard] { compile(guard.made); });
  }
  run_jobs(compiling, threads_);
}

void PatternCompiler::judge(Draft& draft, Kind kind) {
  const PerlRegex& regex = draft.pattern.regex;
  auto expression =
      pcre::Expression::compile(regex.pattern, {regex.caseless, regex.dotall, regex.multiline});
  if (!expression) {
    draft.fault = expression.error();
    return;
  }
  draft.plan = plan_pattern(regex, kind, draft.pattern.counts);
  if (draft.plan.form == Form::exact && !draft.pattern.counts) return;
  if (draft.plan.form == Form::octets) return;
  draft.expression = std::move(*expression);
  if (kind == Kind::full) draft.expression->set_least_steps(kFullSteps);
  auto opening = pcre::Expression::compile(regex.pattern,
                                           {regex.caseless, regex.dotall, regex.multiline, true});
  if (draft.plan.openers && opening && !opening->wide()) {
    draft.opening = std::move(*opening);
    draft.opening->compile_jit();
  } else {
    draft.plan.openers.reset();
    draft.expression->compile_jit();
  }
}

// Those that repeat nearly the same have one guard.
void PatternCompiler::gather_guards(SetDraft& set) {
  for (Draft& draft : set.drafts) {
    if (!draft.fault.empty() || !draft.plan.guard) continue;
    const auto alike =
        std::ranges::find_if(set.guards, [&](GuardDraft& one) { return join(one, draft.plan); });
    draft.guard = static_cast<std::size_t>(alike - set.guards.begin());
    if (alike == set.guards.end())
      set.guards.push_back({*draft.plan.guard, std::move(draft.plan.guard_copy), false, {}});
  }
  for (GuardDraft& guard : set.guards) {
    hyperscan::Expression expression;
    expression.text = guard.regex.text;
    expression.every = guard.regex.times > 1;
    guard.made.expressions.push_back(std::move(expression));
  }
}

bool PatternCompiler::join(GuardDraft& guard, const PatternPlan& plan) {
  if (!guard.copy || !plan.guard_copy) return false;
  RegexNode copy = merge_alike(*guard.copy, *plan.guard_copy);
  auto regex = loose_seams(copy, std::max(guard.regex.times, plan.guard->times) + 1);
  const auto larger = static_cast<double>(std::max(guard.regex.positions, plan.guard->positions));
  if (!regex || static_cast<double>(regex->positions) > kMergedMost * larger) return false;
  guard.regex = std::move(*regex);
  guard.copy = std::move(copy);
  guard.shared = true;
  return true;
}

// The drafts for Hyperscan in runs of about equal size.
std::vector<PatternCompiler::ChunkDraft> PatternCompiler::split(const SetDraft& set) {
  std::vector<std::uint32_t> chosen;
  for (std::uint32_t i = 0; i < set.drafts.size(); ++i) {
    const Draft& draft = set.drafts[i];
    const bool found = draft.plan.form == Form::exact || draft.plan.form == Form::prefilter;
    if (draft.fault.empty() && found) chosen.push_back(i);
  }
  const std::size_t count = (chosen.size() + kChunkPatterns - 1) / kChunkPatterns;
  std::vector<ChunkDraft> chunks(count);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    ChunkDraft& chunk = chunks[i * count / chosen.size()];
    const Draft& draft = set.drafts[chosen[i]];
    chunk.made.expressions.push_back(hyperscan_expression(draft.pattern.regex, draft.plan.form));
    chunk.made.expressions.back().id = static_cast<std::uint32_t>(chunk.drafts.size());
    chunk.drafts.push_back(chosen[i]);
  }
  if (!chunks.empty()) add_rows(set, chunks.front());
  return chunks;
}

// Equal rows once.
void PatternCompiler::add_rows(const SetDraft& set, ChunkDraft& chunk) {
  std::map<std::string, std::size_t> known;
  for (std::uint32_t i = 0; i < set.drafts.size(); ++i) {
    const Draft& draft = set.drafts[i];
    if (!draft.fault.empty() || draft.plan.form != Form::factor) continue;
    for (const FactorRow& row : draft.plan.factor->rows) {
      auto expression = literal_row(row);
      if (!expression) continue;
      const auto [place, fresh] = known.emplace(expression->text, chunk.rows.size());
      if (fresh) {
        chunk.rows.push_back({expression->text, {}});
        expression->id = static_cast<std::uint32_t>(chunk.made.expressions.size());
        chunk.made.expressions.push_back(std::move(*expression));
      }
      std::vector<std::uint32_t>& drafts = chunk.rows[place->second].drafts;
      if (drafts.empty() || drafts.back() != i) drafts.push_back(i);
    }
  }
}

// An expression that Hyperscan finds too large is left out and the rest tried again.
void PatternCompiler::compile(DatabaseDraft& draft) {
  std::string description = description_of("database", hyperscan::Database::library());
  std::vector<hyperscan::Expression> expressions = std::move(draft.expressions);
  for (const hyperscan::Expression& expression : expressions) describe(expression, description);
  if (const auto artifact = cache_.find(description)) {
    ByteView octets = as_bytes(*artifact);
    if (take_numbers(octets, draft.refused, expressions.size())) {
      draft.database = hyperscan::Database::deserialize(octets);
      if (draft.database || octets.empty()) return;
    }
    draft.refused.clear();
  }
  while (!expressions.empty()) {
    auto database = hyperscan::Database::compile(expressions);
    if (database) {
      draft.database = std::move(*database);
      break;
    }
    std::vector<std::uint32_t> refused;
    for (const hyperscan::CompileFault& fault : database.error())
      if (fault.expression != hyperscan::kWholeSet)
        refused.push_back(expressions[fault.expression].id);
    if (refused.empty())
      for (const auto& expression : expressions) refused.push_back(expression.id);
    std::erase_if(expressions, [&](const auto& expression) {
      return std::ranges::find(refused, expression.id) != refused.end();
    });
    draft.refused.insert(draft.refused.end(), refused.begin(), refused.end());
  }
  std::string artifact;
  put_numbers(draft.refused, artifact);
  if (draft.database) artifact += draft.database->serialize();
  cache_.store(description, artifact);
}

PatternSet PatternCompiler::take(std::size_t number, std::vector<PatternFault>& faults) {
  SetDraft& set = sets_[number];
  PatternSet made;
  std::vector<std::uint32_t> place(set.drafts.size());
  std::set<std::string_view> rows_found;  // by Hyperscan
  for (ChunkDraft& chunk : set.chunks) {
    if (chunk.made.database)
      for (const RowDraft& row : chunk.rows) rows_found.insert(row.text);
    for (const std::uint32_t refused : chunk.made.refused) {
      if (refused < chunk.drafts.size())
        set.drafts[chunk.drafts[refused]].plan.form = Form::none;
      else
        rows_found.erase(chunk.rows[refused - chunk.drafts.size()].text);
    }
  }
  take_guards(set, made);
  std::vector<NumberedFactor> factors;
  for (std::size_t i = 0; i < set.drafts.size(); ++i) {
    Draft& draft = set.drafts[i];
    if (!draft.fault.empty()) {
      faults.push_back({draft.pattern.rule, draft.fault});
      continue;
    }
    place[i] = static_cast<std::uint32_t>(made.entries_.size());
    if (draft.plan.octets) {
      made.octets_.emplace_back(place[i], std::move(*draft.plan.octets));
    } else if (draft.plan.form == Form::none) {
      made.slow_.push_back(place[i]);
      if (!draft.expression) {  // it was thought to be exact
        const PerlRegex& regex = draft.pattern.regex;
        draft.expression = std::move(*pcre::Expression::compile(
            regex.pattern, {regex.caseless, regex.dotall, regex.multiline}));
        draft.expression->compile_jit();
      }
    }
    made.entries_.push_back({draft.pattern.rule, draft.plan.form, draft.pattern.counts,
                             draft.pattern.hits_max, std::move(draft.expression),
                             std::move(draft.plan.openers), std::move(draft.opening)});
    if (draft.guard) {
      made.entries_.back().guard = static_cast<std::uint32_t>(*draft.guard);
      made.entries_.back().guard_times = draft.plan.guard->times;
    }
    if (draft.plan.form != Form::factor) continue;
    made.entries_.back().factor_times = draft.plan.factor->times;
    made.entries_.back().factor_apart = least_width(*draft.plan.factor);
    made.entries_.back().factor_reach = draft.plan.factor->reach;
    made.entries_.back().factor_lead = draft.plan.factor->lead;
    std::erase_if(draft.plan.factor->rows, [&](const FactorRow& row) {
      const auto expression = literal_row(row);
      return expression && rows_found.contains(expression->text);
    });
    factors.push_back({place[i], std::move(*draft.plan.factor)});
  }
  for (ChunkDraft& chunk : set.chunks)
    if (chunk.made.database) made.chunks_.push_back(finish(chunk, place));
  made.factors_ = FactorScan(factors);
  return made;
}

// Drafts are left with the places of their guards in the set, if Hyperscan could hold these.
void PatternCompiler::take_guards(SetDraft& set, PatternSet& made) {
  std::vector<std::optional<std::size_t>> place;
  for (GuardDraft& guard : set.guards) {
    place.emplace_back();
    if (!guard.made.database) continue;
    place.back() = made.guards_.size();
    made.guards_.push_back(
        {std::move(*guard.made.database), guard.regex.times, guard.regex.apart, guard.shared});
  }
  for (Draft& draft : set.drafts)
    if (draft.guard) draft.guard = place[*draft.guard];
}

PatternSet::Chunk PatternCompiler::finish(ChunkDraft& chunk,
                                          const std::vector<std::uint32_t>& place) {
  const auto places = [&](const std::vector<std::uint32_t>& drafts) {
    std::vector<std::uint32_t> entries;
    for (const std::uint32_t index : drafts) entries.push_back(place[index]);
    return entries;
  };
  PatternSet::Chunk done{std::move(*chunk.made.database), places(chunk.drafts), {}};
  for (const RowDraft& row : chunk.rows) done.factors.push_back(places(row.drafts));
  return done;
}

}  // namespace sluice::scan::sa
