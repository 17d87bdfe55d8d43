#include "scanners/scanner.h"

#include <utility>

#include "engine/base/slab.h"
#include "scanners/pipeline.h"

namespace sluice::scan {

struct Scanner::State {
  State(std::shared_ptr<const CompiledRules> compiled, const ScanSettings& settings,
        std::size_t capacity)
      : rules(std::move(compiled)),
        tools(*rules, settings),
        scans(capacity, *rules, settings, tools),
        message_bytes(MessageScan::memory_bytes(*rules, settings)) {}

  std::shared_ptr<const CompiledRules> rules;
  PipelineTools tools;
  Slab<MessageScan> scans;
  std::size_t message_bytes;
  TextReuse reuse_told;
};

// RuleSet::load() is the only maker of rule sets.
Scanner::Scanner(std::shared_ptr<const RuleSet> rules, const ScanSettings& settings,
                 std::size_t capacity)
    : state_(std::make_unique<State>(
          std::static_pointer_cast<const CompiledRules>(std::move(rules)), settings, capacity)) {}

Scanner::~Scanner() = default;

MessageScan* Scanner::begin() noexcept {
  MessageScan* scan = state_->scans.acquire();
  if (scan != nullptr) scan->begin();
  return scan;
}

void Scanner::feed(MessageScan& scan, ByteView octets) noexcept { scan.feed(octets); }

void Scanner::feed_trace(MessageScan& scan, ByteView octets) noexcept { scan.feed_trace(octets); }

std::span<const attachment::Cut> Scanner::cuts(const MessageScan& scan) const noexcept {
  return scan.cuts();
}

Verdict Scanner::finish(MessageScan& scan, std::string_view domain) noexcept {
  return scan.finish(domain);
}

void Scanner::set_models(std::shared_ptr<const bayes::Models> models) noexcept {
  state_->tools.models = std::move(models);
}

bool Scanner::wants_examination(const MessageScan& scan) const noexcept {
  return scan.wants_examination();
}

Verdict Scanner::amend(MessageScan& scan, const attachment::Report& found) noexcept {
  return scan.amend(found);
}

void Scanner::teach(const MessageScan& scan, std::string_view domain,
                    bayes::Lessons& lessons) const noexcept {
  scan.teach(domain, lessons);
}

void Scanner::release(MessageScan& scan) noexcept { state_->scans.release(scan); }

std::string_view Scanner::message_id(const MessageScan& scan) const noexcept {
  return scan.message_id();
}

std::string_view Scanner::subject(const MessageScan& scan) const noexcept { return scan.subject(); }

const RuleSet& Scanner::rules() const noexcept { return *state_->rules; }

std::size_t Scanner::message_bytes() const noexcept { return state_->message_bytes; }

TextReuse Scanner::take_text_reuse() noexcept {
  const auto& now = state_->tools.scan.known.statistics();
  const TextReuse before = std::exchange(state_->reuse_told, {now.hits, now.misses, now.evictions});
  return {now.hits - before.hits, now.misses - before.misses, now.evictions - before.evictions};
}

}  // namespace sluice::scan
