// The running scan of one message: octets -> MIME walk -> decoded texts and fields -> rules, each
// text as soon as it is whole.
#pragma once

#include <optional>
#include <string_view>

#include "scanners/attachment/first_look.h"
#include "scanners/auto_learn.h"
#include "scanners/bayes/lessons.h"
#include "scanners/bayes/listener.h"
#include "scanners/bayes/models.h"
#include "scanners/compiled_rules.h"
#include "scanners/mime/audience.h"
#include "scanners/mime/bounded_text.h"
#include "scanners/mime/message_reader.h"
#include "scanners/scl.h"
#include "scanners/spamassassin/rule_scan.h"
#include "scanners/verdict.h"

namespace sluice::scan {

inline constexpr std::size_t kFactBytes = 256;  // of Subject and Message-ID, kept for the mail log

// What the scans of one core share.
struct PipelineTools {
  PipelineTools(const CompiledRules& compiled, const ScanSettings& settings)
      : rules(compiled),
        scl_table(settings.scl_score),
        scan(*compiled.program(), settings.known_texts_max),
        classifier(settings.classifier ? settings.tokens_max : 0) {
    if (settings.classifier && settings.auto_learn)
      auto_learn.emplace(*compiled.program(),
                         AutoLearn::Thresholds{settings.auto_learn_spam, settings.auto_learn_ham});
  }

  const CompiledRules& rules;
  SclTable scl_table;
  sa::ScanTools scan;
  bayes::Classifier classifier;
  std::optional<AutoLearn> auto_learn;
  std::shared_ptr<const bayes::Models> models;  // may be null
};

class MessageScan final : private mime::MessageSink {
 public:
  MessageScan(const CompiledRules& rules, const ScanSettings& settings, PipelineTools& tools);

  void begin() noexcept;
  void feed(ByteView octets) noexcept;
  // `domain`: of the recipients, when all have the same.
  Verdict finish(std::string_view domain) noexcept;
  bool wants_examination() const noexcept { return first_look_.wants_examination(); }
  void teach(std::string_view domain, bayes::Lessons& lessons) const noexcept;
  Verdict amend(const attachment::Report& found) noexcept {
    first_look_.add(found);
    return conclude();
  }

  // What is fed next stands in front of the message itself.
  void feed_trace(ByteView octets) noexcept {
    first_look_.skip(octets.size());
    feed(octets);
  }
  std::span<const attachment::Cut> cuts() const noexcept {
    return first_look_.report().cuts.view();
  }

  std::string_view message_id() const noexcept { return message_id_.view(); }
  std::string_view subject() const noexcept { return subject_.view(); }
  static std::size_t memory_bytes(const CompiledRules& rules, const ScanSettings& settings);

 private:
  using Fact = mime::BoundedText<kFactBytes>;

  void field(const mime::HeaderField& field) noexcept override;
  void message_end(const mime::MessageFacts& facts) noexcept override {
    malformed_ = !facts.anomalies.empty();
  }
  static void keep(std::string_view raw, Fact& fact) noexcept;
  Verdict conclude() const noexcept;
  Refusal refusal(const attachment::Report& report) const noexcept;

  PipelineTools& tools_;
  sa::RuleScan rules_;
  mime::MessageReader reader_;
  attachment::FirstLook first_look_;
  const Duration time_max_;
  Duration spent_{0};
  std::optional<bayes::Listener> listener_;  // with a classifier
  mime::Audience audience_;
  bool malformed_ = false;
  Fact message_id_;
  Fact subject_;
};

}  // namespace sluice::scan
