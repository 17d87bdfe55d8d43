#include "scanners/spamassassin/rule_book.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "engine/base/bytes.h"
#include "engine/config/suggest.h"
#include "scanners/spamassassin/condition.h"
#include "scanners/spamassassin/rule_reader.h"
#include "scanners/spamassassin/setting_names.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDistributionScores = "50_scores.cf";
constexpr int kIncludeDepthMax = 8;
constexpr std::size_t kConditionDepthMax = 64;

struct KindName {
  std::string_view word;
  Kind kind;
};
constexpr std::array<KindName, 7> kKinds{{{"header", Kind::header},
                                          {"body", Kind::body},
                                          {"rawbody", Kind::rawbody},
                                          {"full", Kind::full},
                                          {"uri", Kind::uri},
                                          {"mimeheader", Kind::mimeheader},
                                          {"meta", Kind::meta}}};

// "#" begins a comment unless a backslash stands before it.
std::string without_comment(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '#' && (out.empty() || out.back() != '\\')) break;
    if (line[i] == '#')
      out.back() = '#';
    else
      out += line[i];
  }
  return out;
}

class BookReader {
 public:
  BookReader(RuleBook& book, config::Problems& problems) : book_(book), problems_(problems) {}

  void read_path(const std::string& path, std::string_view scores);
  void read_text(std::string_view text, const std::string& file);
  void finish();

 private:
  struct Scores {
    std::array<float, kScoreSets> values{};
  };

  void read_file(const std::string& path);
  void read_line(std::string_view line);
  bool read_condition(std::string_view key, std::string_view value);
  void read_directive(std::string_view key, std::string_view value);
  bool read_template(std::string_view key, std::string_view value);
  void define(Kind kind, std::string_view value);
  void read_score(std::string_view value);
  void include(std::string_view value);
  bool skipping() const { return std::ranges::find(conditions_, false) != conditions_.end(); }
  void problem(std::string_view where, std::string what) {
    problems_.push_back({file_, line_, 0, std::string(where), std::move(what)});
  }

  RuleBook& book_;
  config::Problems& problems_;
  ReplaceTags tags_;
  // What may stand before or behind the rule it is about.
  std::map<std::string, std::string, std::less<>> descriptions_;
  std::map<std::string, std::string, std::less<>> flags_;
  std::map<std::string, Scores, std::less<>> scores_;

  std::string file_;
  int line_ = 0;
  int include_depth_ = 0;
  bool wrong_version_ = false;
  std::vector<bool> conditions_;  // of the open `if` lines: does what they enclose count
};

void BookReader::read_path(const std::string& path, std::string_view scores) {
  std::error_code fault;
  if (!fs::is_directory(path, fault)) {
    read_file(path);
    return;
  }
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(path, fault))
    if (entry.path().extension() == ".cf") files.push_back(entry.path().string());
  std::ranges::sort(files);
  if (files.empty()) problems_.push_back({path, 0, 0, "rules", "the folder holds no .cf file"});
  for (const std::string& file : files) {
    read_file(file);
    if (fs::path(file).filename() == kDistributionScores) read_text(scores, "built-in");
  }
}

void BookReader::read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    problems_.push_back({path, 0, 0, "rules", "cannot be read"});
    return;
  }
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  read_text(text, path);
}

void BookReader::read_text(std::string_view text, const std::string& file) {
  const std::string outer_file = std::exchange(file_, file);
  const int outer_line = std::exchange(line_, 0);
  const auto outer_conditions = std::exchange(conditions_, {});
  const bool outer_version = std::exchange(wrong_version_, false);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    ++line_;
    read_line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (!conditions_.empty())
    problem("if", fmt::format("{} not closed by endif", conditions_.size()));
  file_ = outer_file;
  line_ = outer_line;
  conditions_ = outer_conditions;
  wrong_version_ = outer_version;
}

void BookReader::read_line(std::string_view line) {
  const std::string clean = without_comment(line);
  std::string_view rest = trim(clean);
  std::string key(next_word(rest));
  if (key.empty()) return;
  // Texts for other languages than English are for reports that this engine does not write.
  if (key == "lang") {
    if (const std::string_view language = next_word(rest); !language.starts_with("en")) return;
    key = next_word(rest);
  }
  std::ranges::transform(key, key.begin(), [](char c) { return c == '-' ? '_' : ascii_lower(c); });
  const std::string_view value = trim(rest);
  if (read_condition(key, value)) return;
  if (!skipping() && !wrong_version_) read_directive(key, value);
}

bool BookReader::read_condition(std::string_view key, std::string_view value) {
  if (key == "if" || key == "ifplugin") {
    if (conditions_.size() == kConditionDepthMax) {
      problem(key, fmt::format("more than {} conditions are open", kConditionDepthMax));
      return true;
    }
    const auto holds =
        evaluate_condition(key == "if" ? std::string(value) : fmt::format("plugin({})", value));
    if (!holds) problem(key, holds.error());
    conditions_.push_back(holds.value_or(false));
    return true;
  }
  if (key != "else" && key != "endif") return false;
  if (conditions_.empty())
    problem(key, "no if is open");
  else if (key == "else")
    conditions_.back() = !conditions_.back();
  else
    conditions_.pop_back();
  return true;
}

void BookReader::read_directive(std::string_view key, std::string_view value) {
  const auto kind = std::ranges::find(kKinds, key, &KindName::word);
  if (kind != kKinds.end()) return define(kind->kind, value);
  if (key == "score") return read_score(value);
  if (key == "include") return include(value);
  if (read_template(key, value)) return;
  if (key == "describe" || key == "tflags") {
    std::string_view rest = value;
    const std::string name(next_word(rest));
    auto& text = (key == "describe" ? descriptions_ : flags_)[name];
    text = trim(rest);
    return;
  }
  if (key == "require_version") {
    // Files that come with a release say it; one for another version is left out whole.
    wrong_version_ = value != "@@VERSION@@" && !value.starts_with("4.");
    if (wrong_version_) problem(key, fmt::format("the file is for version {}; 4 is known", value));
    return;
  }
  if (!is_setting(key)) {
    constexpr std::array<std::string_view, 5> kWords{"score", "describe", "tflags", "include",
                                                     "replace_tag"};
    std::string_view near = config::nearest(key, kWords);
    if (near.empty()) near = nearest_setting(key);
    problem(key, near.empty() ? "no such setting" : fmt::format("did you mean {:?}?", near));
    return;
  }
  book_.settings[std::string(key)].emplace_back(value);
}

bool BookReader::read_template(std::string_view key, std::string_view value) {
  if (key == "replace_rules") {
    for (std::string_view name = next_word(value); !name.empty(); name = next_word(value))
      tags_.rules.emplace(name);
    return true;
  }
  ReplaceTags::Table* table = key == "replace_tag"     ? &tags_.tag
                              : key == "replace_pre"   ? &tags_.pre
                              : key == "replace_inter" ? &tags_.inter
                              : key == "replace_post"  ? &tags_.post
                                                       : nullptr;
  if (table == nullptr) return false;
  const std::string name(next_word(value));
  (*table)[name] = trim(value);
  return true;
}

void BookReader::define(Kind kind, std::string_view value) {
  const std::string name(next_word(value));
  if (!is_rule_name(name)) {
    problem(name_of(kind), fmt::format("{:?} is no name of a rule: letters, digits and _, at most "
                                       "{}, no digit first",
                                       name, kRuleNameBytesMax));
    return;
  }
  Rule rule;
  rule.name = name;
  rule.file = file_;
  rule.line = line_;
  if (const auto done = read_rule(kind, trim(value), rule); !done) {
    problem(fmt::format("{} {}", name_of(kind), name), done.error());
    return;
  }
  const auto [place, fresh] = book_.index.emplace(name, book_.rules.size());
  if (fresh)
    book_.rules.push_back(std::move(rule));
  else
    book_.rules[place->second] = std::move(rule);
}

void BookReader::read_score(std::string_view value) {
  const std::string name(next_word(value));
  std::array<float, kScoreSets> given{};
  std::size_t count = 0;
  bool relative = false;
  for (std::string_view word = next_word(value); !word.empty(); word = next_word(value)) {
    if (word.starts_with('(') && word.ends_with(')')) {
      relative = true;
      word = word.substr(1, word.size() - 2);
    }
    float score = 0;
    const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), score);
    if (fault != std::errc{} || end != word.data() + word.size() || count == kScoreSets) {
      problem(fmt::format("score {}", name), fmt::format("{:?} is no score", word));
      return;
    }
    given[count++] = score;
  }
  if (name.empty() || (count != 1 && count != kScoreSets)) {
    problem(fmt::format("score {}", name), "a rule and one or four numbers are wanted");
    return;
  }
  for (std::size_t set = count; set < kScoreSets; ++set) given[set] = given[0];
  auto& scores = scores_[name].values;
  for (std::size_t set = 0; set < kScoreSets; ++set)
    scores[set] = relative ? scores[set] + given[set] : given[set];
}

void BookReader::include(std::string_view value) {
  if (include_depth_ == kIncludeDepthMax) {
    problem("include", fmt::format("more than {} files include one another", kIncludeDepthMax));
    return;
  }
  ++include_depth_;
  const fs::path path{std::string(value)};
  read_file((path.is_absolute() ? path : fs::path(file_).parent_path() / path).string());
  --include_depth_;
}

// What was said about rules, wherever it stood.
void BookReader::finish() {
  for (Rule& rule : book_.rules) {
    if (const auto found = descriptions_.find(rule.name); found != descriptions_.end())
      rule.description = found->second;
    if (const auto found = flags_.find(rule.name); found != flags_.end())
      read_flags(found->second, rule.flags);
    if (const auto found = scores_.find(rule.name); found != scores_.end()) {
      rule.scores = found->second.values;
      rule.scored = true;
    } else {
      const float score = rule.name.starts_with("T_") ? 0.01F : 1.0F;
      rule.scores.fill(rule.flags.nice ? -score : score);
    }
    if (tags_.rules.contains(rule.name)) rule.regex.pattern = tags_.expand(rule.regex.pattern);
  }
}

}  // namespace

const Rule* RuleBook::find(std::string_view name) const {
  const auto found = index.find(name);
  return found == index.end() ? nullptr : &rules[found->second];
}

std::span<const std::string> RuleBook::setting(std::string_view name) const {
  const auto found = settings.find(name);
  if (found == settings.end()) return {};
  return found->second;
}

RuleBook read_rule_book(std::span<const std::string> paths, config::Problems& problems,
                        std::string_view builtin, std::string_view scores) {
  RuleBook book;
  BookReader reader(book, problems);
  reader.read_text(builtin, "built-in");
  reader.read_text(scores, "built-in");
  for (const std::string& path : paths) reader.read_path(path, scores);
  reader.finish();
  return book;
}

RuleBook parse_rule_book(std::string_view text, const std::string& file,
                         config::Problems& problems) {
  RuleBook book;
  BookReader reader(book, problems);
  reader.read_text(text, file);
  reader.finish();
  return book;
}

}  // namespace sluice::scan::sa
