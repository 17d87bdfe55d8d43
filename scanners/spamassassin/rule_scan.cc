#include "scanners/spamassassin/rule_scan.h"

#include <algorithm>
#include <utility>

namespace sluice::scan::sa {
namespace {

constexpr float kMatched = -1;  // of a rule with "!~" until it is settled

// Calls visit(i) for each i below `size` of which is(i), few of many: asked in blocks first.
template <typename Is, typename Visit>
void for_each_of_few(std::uint32_t size, Is&& is, Visit&& visit) {
  constexpr std::uint32_t kBlock = 16;
  for (std::uint32_t begin = 0; begin < size; begin += kBlock) {
    const std::uint32_t end = std::min(begin + kBlock, size);
    unsigned any = 0;
    for (std::uint32_t i = begin; i < end; ++i) any |= is(i) ? 1U : 0U;
    for (std::uint32_t i = any != 0 ? begin : end; i < end; ++i)
      if (is(i)) visit(i);
  }
}

// A function may look at anything, except the classifier's, which every rule set has.
bool looks_at_texts(const Program& program) {
  return std::ranges::any_of(program.evals(), [&](const Program::Eval& eval) {
    return program.rule(eval.rule).call.function != "check_bayes";
  });
}

}  // namespace

RuleScan::RuleScan(std::shared_ptr<const Program> program, ScanTools& tools,
                   std::size_t header_bytes_max, std::uint64_t text_bytes_max)
    : program_(std::move(program)),
      tools_(tools),
      headers_(header_bytes_max),
      part_headers_(header_bytes_max),
      counts_(program_->book().rules.size()),
      gathers_(looks_at_texts(*program_)),
      text_bytes_max_(text_bytes_max) {}

mime::Wanted RuleScan::wanted() noexcept {
  mime::Wanted wanted;
  wanted.rawbody = wanted.body = wanted.uris = wanted.rendered = true;
  wanted.part_bytes = wanted.part_raw = wanted.text = true;
  return wanted;
}

void RuleScan::begin() noexcept {
  headers_.clear();
  part_headers_.clear();
  gathered_.begin();
  counts_ = program_->quiet_counts();
  score_ = 0;
  full_text_.begin();
  body_bytes_ = rawbody_bytes_ = uri_bytes_ = full_bytes_ = 0;
  uris_scanned_ = hosts_added_ = 0;
  listed_hosts_.begin(program_->lists());
  limited_ = stopped_ = false;
  full_whole_ = true;
  in_subject_ = true;
  relays_read_ = header_read_ = false;
  facts_.begin();
}

// Read when somebody asks for them: they cost as much as a small text.
const Relays& RuleScan::relays() {
  if (!std::exchange(relays_read_, true)) relays_.read(headers_);
  return relays_;
}

template <typename Work>
void RuleScan::attempt(Work&& work) noexcept {
  try {
    work();
  } catch (const std::exception&) {
    stop();
  }
}

void RuleScan::hit(std::uint32_t rule, std::uint32_t count) noexcept {
  const Program::Limit& limit = program_->limit(rule);
  if (!limit.multiple) {
    counts_[rule] = 1;
    return;
  }
  counts_[rule] += static_cast<float>(count);
  if (limit.most > 0) counts_[rule] = std::min(counts_[rule], limit.most);
}

// Another match of it would add nothing.
bool RuleScan::settled(std::uint32_t rule) const noexcept {
  const float most = program_->limit(rule).most;
  return counts_[rule] == kMatched || (most > 0 && counts_[rule] >= most);
}

// Each kind of text has its own count: how they alternate depends on the chunks.
void RuleScan::scan(const PatternSet& set, std::string_view text, std::uint64_t& seen,
                    bool in_subject) {
  if (stopped_) return;
  seen += text.size();
  if (seen > text_bytes_max_) {
    limited_ = true;
    return;
  }
  const auto tell = [&](std::uint32_t rule, std::uint32_t count) {
    if (!in_subject || !program_->limit(rule).no_subject) hit(rule, count);
  };
  KnownTexts::Text known;
  if (full_whole_) known = tools_.known.find(text, &set);
  if (known.known()) {
    for (const auto& [rule, count] : known.hits()) tell(rule, count);
    return;
  }
  set.scan(
      as_bytes(text), tools_.patterns, tools_.matches,
      [&](std::uint32_t rule) {
        return (!known.learning() && settled(rule)) ||
               (!full_whole_ && program_->limit(rule).anchored);
      },
      [&](std::uint32_t rule, std::uint32_t count) {
        known.keep(rule, count);
        tell(rule, count);
      });
  known.learned();
}

void RuleScan::field(const mime::HeaderField& field) noexcept {
  attempt([&] {
    gathered_.field(field);
    if (field.section == mime::Section::message)
      headers_.add(field);
    else
      part_headers_.add(field);
  });
}

void RuleScan::section_end(mime::Section section) noexcept {
  attempt([&] {
    gathered_.section_end(section);
    if (section == mime::Section::message) {
      scan_fields(program_->headers(), headers_);
      settle_negated(program_->headers());
      scan_fields(program_->part_headers(), headers_);  // the message is a part as well
      run_evals(true);
      return;
    }
    scan_fields(program_->part_headers(), part_headers_);
    part_headers_.clear();
  });
}

void RuleScan::scan_fields(const std::vector<Program::FieldGroup>& groups,
                           const HeaderStore& store) {
  for (const Program::FieldGroup& group : groups) {
    const bool missing = group.name_hash && !store.may_have(*group.name_hash);
    if (missing || !store.value_of(group.target, made_, tools_.workspace, tools_.value)) {
      for (const auto& [rule, count] : group.unset_hits) hit_field(rule, count);
      continue;
    }
    for (const std::uint32_t rule : group.exists) hit(rule, 1);
    group.rules.scan(
        as_bytes(tools_.value), tools_.patterns, tools_.matches, tools_.fields,
        [&](std::uint32_t rule) { return settled(rule); },
        [&](std::uint32_t rule, std::uint32_t count) { hit_field(rule, count); });
  }
}

void RuleScan::hit_field(std::uint32_t rule, std::uint32_t count) noexcept {
  if (program_->limit(rule).negated)
    counts_[rule] = kMatched;
  else
    hit(rule, count);
}

// A rule with "!~" hits where its expression matched nowhere.
void RuleScan::settle_negated(const std::vector<Program::FieldGroup>& groups) noexcept {
  for (const Program::FieldGroup& group : groups)
    for (const std::uint32_t rule : group.negated)
      counts_[rule] = counts_[rule] == kMatched ? 0.0F : 1.0F;
}

void RuleScan::container(std::string_view type, std::uint32_t depth) noexcept {
  attempt([&] { gathered_.container(type, depth); });
}

void RuleScan::part_begin(const mime::Part& part) noexcept {
  attempt([&] { gathered_.part_begin(part); });
}

void RuleScan::part_raw(const mime::Part&, ByteView encoded) noexcept {
  attempt([&] {
    if (gathers_) gathered_.part_raw(encoded);
  });
}

void RuleScan::part_bytes(const mime::Part& part, ByteView decoded) noexcept {
  attempt([&] {
    if (gathers_) gathered_.part_bytes(part, decoded);
  });
}

html::TokenSink* RuleScan::html_begin(const mime::Part&) noexcept { return gathered_.html_begin(); }

void RuleScan::text(const mime::Part& part, ByteView utf8) noexcept {
  attempt([&] {
    if (gathers_) gathered_.text(part, utf8);
    look_at_uris();
  });
}

void RuleScan::rendered(const mime::Part& part, ByteView utf8) noexcept {
  attempt([&] {
    if (gathers_) gathered_.rendered(part, utf8);
  });
}

void RuleScan::part_end(const mime::Part& part) noexcept {
  attempt([&] {
    gathered_.part_end(part);
    look_at_uris();  // of its HTML
  });
}

void RuleScan::rawbody(std::string_view element) noexcept {
  attempt([&] {
    if (gathers_) gathered_.rawbody(element);
    scan(program_->rawbody(), element, rawbody_bytes_);
  });
}

void RuleScan::body(mime::BodyView view, std::string_view element) noexcept {
  attempt([&] {
    if (view != mime::BodyView::all) return;
    if (gathers_) gathered_.body(element);
    scan(program_->body(), element, body_bytes_, std::exchange(in_subject_, false));
  });
}

void RuleScan::uri(const mime::Uri& uri) noexcept {
  attempt([&] {
    gathered_.uri(uri);
    look_at_uris();
  });
}

void RuleScan::full(ByteView octets) noexcept {
  if (program_->full().size() == 0) return;
  attempt([&] { full_text_.add(octets, [&](ByteView window) { look_at_full(window, false); }); });
}

void RuleScan::look_at_full(ByteView window, bool whole) {
  full_whole_ = whole;
  scan(program_->full(), as_text(window), full_bytes_);
  full_whole_ = true;
}

// While the text arrives: a message may have hundreds, and at its end somebody waits.
void RuleScan::look_at_uris() {
  const TextList& forms = gathered_.uris().forms();
  while (uris_scanned_ < forms.size()) scan(program_->uri(), forms[uris_scanned_++], uri_bytes_);
  const TextList& hosts = gathered_.uri_hosts();
  while (hosts_added_ < hosts.size()) listed_hosts_.add(program_->lists(), hosts[hosts_added_++]);
}

void RuleScan::run_evals(bool of_header) {
  if (of_header && std::exchange(header_read_, true)) return;
  const bool heard = opinion_ != nullptr && opinion_->tokens > 0;
  const MessageEvidence evidence{headers_,
                                 facts_,
                                 gathers_ ? relays() : relays_,
                                 program_->book(),
                                 program_->lists(),
                                 gathered_,
                                 listed_hosts_,
                                 heard ? opinion_->probability : -1};
  for (const Program::Eval& eval : program_->evals()) {
    if (eval.of_header != of_header) continue;
    const pcre::Expression* expression = eval.expression ? &*eval.expression : nullptr;
    const Arguments arguments{eval.words, eval.place, expression, &tools_.patterns.pcre};
    if (const int count = eval.function(evidence, arguments); count > 0)
      hit(eval.rule, static_cast<std::uint32_t>(count));
  }
}

void RuleScan::message_end(const mime::MessageFacts& facts) noexcept {
  settle_negated(program_->part_headers());
  attempt([&] {
    gathered_.message_end(facts);
    look_at_uris();
    if (!full_text_.last().empty()) look_at_full(full_text_.last(), full_text_.whole());
    run_evals(true);  // of a message that ended within its header
    run_evals(false);
  });
  run_metas();
  for_each_of_few(
      static_cast<std::uint32_t>(counts_.size()),
      [&](std::uint32_t rule) { return counts_[rule] > 0; },
      [&](std::uint32_t rule) {
        if (program_->limit(rule).reported) score_ += static_cast<double>(program_->score(rule));
      });
}

// Only those of which a part is not as it is while nothing hits.
void RuleScan::run_metas() noexcept {
  const auto note = [this](std::uint32_t rule) {
    for (const std::uint32_t place : program_->metas_of(rule)) tools_.stale_metas.add(place);
  };
  const std::vector<float>& quiet = program_->quiet_counts();
  for_each_of_few(
      static_cast<std::uint32_t>(counts_.size()),
      [&](std::uint32_t rule) { return counts_[rule] != quiet[rule]; }, note);
  tools_.stale_metas.take([&](std::uint32_t place) {
    const Program::Meta& meta = program_->metas()[place];
    counts_[meta.rule] = meta.value(counts_);
    if (counts_[meta.rule] != quiet[meta.rule]) note(meta.rule);
  });
}

}  // namespace sluice::scan::sa
