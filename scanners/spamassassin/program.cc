#include "scanners/spamassassin/program.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "engine/config/suggest.h"
#include "scanners/spamassassin/header/typical_header.h"

namespace sluice::scan::sa {
namespace {

// How often rules of a kind hit, roughly: headers have what most rules about them ask for.
double weight_of(Kind kind) {
  switch (kind) {
    case Kind::meta: return 1;
    case Kind::body:
    case Kind::rawbody:
    case Kind::full:
    case Kind::uri: return 2;
    case Kind::eval: return 4;
    case Kind::header:
    case Kind::mimeheader: break;
  }
  return 8;
}

}  // namespace

// The steps from rules to sets, each once.
class ProgramCompiler {
 public:
  ProgramCompiler(Program& program, const ProgramOptions& options, config::Problems& problems)
      : program_(program), options_(options), problems_(problems) {}

  void run() {
    choose_scores();
    sort_rules();
    compile_sets();
    order_metas();
    link_metas();
  }

 private:
  enum class Mark : std::uint8_t { fresh, open, done };
  struct Group {
    Program::FieldGroup group;
    std::vector<Pattern> patterns;
  };
  using Groups = std::vector<Group>;

  std::uint32_t count() const { return static_cast<std::uint32_t>(program_.book_.rules.size()); }
  const Rule& rule(std::uint32_t index) const { return program_.book_.rules[index]; }
  void unsupported(const Rule& rule, std::string reason) {
    program_.unsupported_.push_back({rule.name, std::move(reason)});
  }
  void problem(const Rule& rule, std::string what) {
    problems_.push_back({rule.file, rule.line, 0,
                         fmt::format("{} {}", name_of(rule.kind), rule.name), std::move(what)});
  }

  void choose_scores();
  void sort_rules();
  void sort_rule(std::uint32_t index);
  void sort_eval(std::uint32_t index);
  void sort_field(std::uint32_t index, Groups& groups);
  PatternSet take_set(PatternCompiler& compiler, std::size_t number);
  void compile_sets();
  static void find_unset_hits(Program::FieldGroup& group);
  void order_metas();
  void link_metas();
  void visit_meta(std::uint32_t index, std::vector<Mark>& marks, int depth);

  Program& program_;
  const ProgramOptions& options_;
  config::Problems& problems_;
  std::vector<Pattern> body_, rawbody_, full_, uri_;
  Groups headers_, part_headers_;
  std::map<std::uint32_t, Expression> meta_;
};

// A rule with score 0 does not run; rules for the network do not where there is none.
void ProgramCompiler::choose_scores() {
  const bool network = (options_.score_set & 1) != 0;
  const bool classifier = (options_.score_set & 2) != 0;
  for (const Rule& rule : program_.book_.rules) {
    float score = rule.scores[options_.score_set];
    const bool needs_network = rule.flags.net && rule.kind != Kind::meta;
    if ((needs_network && !network) || (rule.flags.learn && !classifier)) score = 0;
    program_.scores_.push_back(score);
    const auto most = rule.flags.multiple ? static_cast<float>(rule.flags.hits_max) : 1.0F;
    program_.limits_.push_back({.most = most,
                                .multiple = rule.flags.multiple,
                                .no_subject = rule.flags.no_subject,
                                .negated = rule.negated,
                                .anchored = is_anchored(rule.regex)});
  }
}

void ProgramCompiler::sort_rules() {
  for (std::uint32_t i = 0; i < count(); ++i)
    if (program_.scores_[i] != 0) sort_rule(i);
}

void ProgramCompiler::sort_rule(std::uint32_t index) {
  const Rule& rule = this->rule(index);
  const Pattern pattern{index, rule.regex, rule.flags.multiple, rule.flags.hits_max};
  if (rule.regex.pattern.find("%{") != std::string::npos)
    return unsupported(rule, "captures of other rules (%{NAME}) are not known");
  switch (rule.kind) {
    case Kind::body: body_.push_back(pattern); break;
    case Kind::rawbody: rawbody_.push_back(pattern); break;
    case Kind::full: full_.push_back(pattern); break;
    case Kind::uri: uri_.push_back(pattern); break;
    case Kind::header: sort_field(index, headers_); break;
    case Kind::mimeheader: sort_field(index, part_headers_); break;
    case Kind::meta: break;
    case Kind::eval: sort_eval(index); break;
  }
}

void ProgramCompiler::sort_eval(std::uint32_t index) {
  const Rule& rule = this->rule(index);
  const auto [named, of_header] = find_eval(rule.call.function);
  if (named == nullptr)
    return unsupported(rule, fmt::format("{}() is not known", rule.call.function));
  Program::Eval eval{index, named->function, of_header, rule.call.arguments, rule.call.place, {}};
  const auto& arguments = rule.call.arguments;
  if (named->expression >= 0 && static_cast<std::size_t>(named->expression) < arguments.size()) {
    auto compiled =
        pcre::Expression::compile(arguments[static_cast<std::size_t>(named->expression)], {});
    if (!compiled) return problem(rule, compiled.error());
    eval.expression = std::move(*compiled);
    eval.expression->compile_jit();
  }
  for (const std::string& word : named->words.empty() ? std::vector<std::string>() : arguments)
    if (std::ranges::find(named->words, word) == named->words.end()) {
      const std::string_view meant = config::nearest(word, named->words);
      return problem(rule,
                     fmt::format("{}() does not know {:?}{}", named->name, word,
                                 meant.empty() ? "" : fmt::format("; did you mean {:?}?", meant)));
    }
  program_.evals_.push_back(std::move(eval));
}

void ProgramCompiler::sort_field(std::uint32_t index, Groups& groups) {
  const Rule& rule = this->rule(index);
  if (rule.target.host || rule.target.domain || rule.target.ip)
    return unsupported(rule, ":host, :domain, :ip and :revip are not known");
  if (rule.flags.concat || rule.flags.part_first != 0 || rule.flags.part_last != 1'000)
    return unsupported(rule, "tflags concat and range= are not known");
  HeaderTarget target = rule.target;
  target.folded = target.raw && &groups == &part_headers_;
  const auto same = [&](const Group& group) {
    return group.group.target == target && group.group.if_unset == rule.if_unset;
  };
  auto group = std::ranges::find_if(groups, same);
  if (group == groups.end()) {
    groups.push_back({});
    group = groups.end() - 1;
    group->group.target = target;
    group->group.name_hash = HeaderStore::name_hash(target);
    group->group.if_unset = rule.if_unset;
  }
  if (rule.exists) {
    group->group.exists.push_back(index);
    return;
  }
  if (rule.negated) group->group.negated.push_back(index);
  group->patterns.push_back({index, rule.regex, rule.flags.multiple, rule.flags.hits_max});
}

PatternSet ProgramCompiler::take_set(PatternCompiler& compiler, std::size_t number) {
  std::vector<PatternFault> faults;
  PatternSet set = compiler.take(number, faults);
  for (const PatternFault& fault : faults) {
    problem(rule(fault.rule), fault.reason);
    program_.scores_[fault.rule] = 0;
  }
  return set;
}

void ProgramCompiler::compile_sets() {
  ArtifactCache cache(options_.cache);
  PatternCompiler compiler(cache, options_.threads);
  std::size_t number = compiler.add(std::move(body_), Kind::body);
  compiler.add(std::move(rawbody_), Kind::rawbody);
  compiler.add(std::move(full_), Kind::full);
  compiler.add(std::move(uri_), Kind::uri);
  TypicalHeader typical;
  for (Groups* groups : {&headers_, &part_headers_})
    for (Group& group : *groups) {
      group.group.rules.take_looked_for(group.patterns, typical.value_of(group.group.target));
      compiler.add(std::move(group.patterns), Kind::header);
    }
  compiler.run();
  for (PatternSet* set : {&program_.body_, &program_.rawbody_, &program_.full_, &program_.uri_})
    *set = take_set(compiler, number++);
  const auto take_groups = [&](Groups& groups, std::vector<Program::FieldGroup>& out) {
    for (Group& group : groups) {
      group.group.rules.set_others(take_set(compiler, number++));
      find_unset_hits(group.group);
      // What does not compile matches nowhere, which "!~" must not take for a hit.
      std::erase_if(group.group.negated,
                    [this](std::uint32_t rule) { return program_.scores_[rule] == 0; });
      out.push_back(std::move(group.group));
    }
  };
  take_groups(headers_, program_.headers_);
  take_groups(part_headers_, program_.part_headers_);
  cache.clean();
  program_.notes_ = cache.notes();
  if (cache.found() + cache.stored() > 0)
    program_.notes_.push_back(fmt::format("{}: {} of {} compiled parts were there", options_.cache,
                                          cache.found(), cache.found() + cache.stored()));
}

void ProgramCompiler::find_unset_hits(Program::FieldGroup& group) {
  PatternTools tools;
  FieldTools fields;
  group.rules.others().grow(tools);
  group.rules.grow(fields);
  hyperscan::MatchSet matches = group.rules.others().match_set();
  group.rules.scan(
      as_bytes(group.if_unset), tools, matches, fields, [](std::uint32_t) { return false; },
      [&](std::uint32_t rule, std::uint32_t count) { group.unset_hits.emplace_back(rule, count); });
}

void ProgramCompiler::order_metas() {
  const auto resolve = [this](std::string_view name,
                              std::string_view) -> std::expected<Expression::Operand, std::string> {
    if (name == "local_tests_only")
      return Expression::Operand{true, (options_.score_set & 1) == 0 ? 1.0 : 0.0, 0};
    // A rule that is not there never hits; stock rules name such ones on purpose.
    const auto found = program_.book_.index.find(name);
    if (found == program_.book_.index.end()) return Expression::Operand{true, 0, 0};
    return Expression::Operand{false, 0, static_cast<std::uint32_t>(found->second)};
  };
  for (std::uint32_t i = 0; i < count(); ++i) {
    if (rule(i).kind != Kind::meta || program_.scores_[i] == 0) continue;
    auto expression = Expression::parse(rule(i).meta, resolve);
    if (expression)
      meta_.emplace(i, std::move(*expression));
    else
      problem(rule(i), expression.error());
  }
  std::vector<Mark> marks(count(), Mark::fresh);
  for (std::uint32_t i = 0; i < count(); ++i) visit_meta(i, marks, 0);
}

// Parts before the whole. A circle is broken where it closes: that rule is left out.
void ProgramCompiler::visit_meta(std::uint32_t index, std::vector<Mark>& marks, int depth) {
  constexpr int kDepthMax = 200;
  const auto meta = meta_.find(index);
  if (meta == meta_.end() || marks[index] == Mark::done) return;
  if (marks[index] == Mark::open || depth == kDepthMax) {
    problem(rule(index), "depends on itself");
    return;
  }
  marks[index] = Mark::open;
  for (const std::uint32_t part : meta->second.variables()) visit_meta(part, marks, depth + 1);
  marks[index] = Mark::done;
  program_.metas_.push_back({index, meta->second});
}

void ProgramCompiler::link_metas() {
  std::vector<std::vector<std::uint32_t>> metas_of(count());
  program_.quiet_counts_.resize(count());
  const auto weight = [this](std::uint32_t part) -> std::optional<double> {
    if (program_.quiet_counts_[part] != 0 || rule(part).negated) return {};
    return weight_of(rule(part).kind);
  };
  for (std::uint32_t place = 0; place < program_.metas_.size(); ++place) {
    const Program::Meta& meta = program_.metas_[place];
    program_.quiet_counts_[meta.rule] = meta.value(program_.quiet_counts_);
    // "A && B" asks for one of them only.
    auto needed = meta.expression.needed(weight);
    for (const std::uint32_t part : needed ? needed->variables : meta.expression.variables())
      metas_of[part].push_back(place);
  }
  for (const auto& places : metas_of) {
    program_.metas_begin_.push_back(static_cast<std::uint32_t>(program_.meta_places_.size()));
    program_.meta_places_.insert(program_.meta_places_.end(), places.begin(), places.end());
  }
  program_.metas_begin_.push_back(static_cast<std::uint32_t>(program_.meta_places_.size()));
  for (std::uint32_t i = 0; i < count(); ++i)
    if (program_.scores_[i] != 0 && !rule(i).helper()) {
      program_.reported_.push_back(i);
      program_.limits_[i].reported = true;
    }
}

float Program::Meta::value(std::span<const float> counts) const noexcept {
  const double value = expression.evaluate(counts);
  return value >= 0 ? static_cast<float>(value) : 1.0F;
}

std::shared_ptr<const Program> Program::compile(RuleBook book, const ProgramOptions& options,
                                                config::Problems& problems) {
  auto program = std::make_shared<Program>();
  program->book_ = std::move(book);
  program->lists_ = Lists(program->book_);
  ProgramCompiler(*program, options, problems).run();
  return program;
}

template <typename Visit>
void Program::for_each_set(Visit&& visit) const {
  for (const PatternSet* set : {&body_, &rawbody_, &full_, &uri_}) visit(*set);
  for (const FieldGroup& group : headers_) visit(group.rules.others());
  for (const FieldGroup& group : part_headers_) visit(group.rules.others());
}

void Program::grow(PatternTools& tools) const {
  for_each_set([&](const PatternSet& set) { set.grow(tools); });
}

void Program::grow(FieldTools& tools) const {
  for (const auto* groups : {&headers_, &part_headers_})
    for (const FieldGroup& group : *groups) group.rules.grow(tools);
}

std::size_t Program::largest_set() const noexcept {
  std::size_t size = 0;
  for_each_set([&](const PatternSet& set) { size = std::max(size, set.size()); });
  return size;
}

}  // namespace sluice::scan::sa
