// The running scan of one message: octets -> MIME walk -> decoded texts and fields -> rules, each
// text as soon as it is whole.
#pragma once

#include <string_view>

#include "scanners/compiled_rules.h"
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
      : rules(compiled), scl_table(settings.scl_score), scan(*compiled.program()) {}

  const CompiledRules& rules;
  SclTable scl_table;
  sa::ScanTools scan;
};

class MessageScan final : private mime::MessageSink {
 public:
  MessageScan(const CompiledRules& rules, const ScanSettings& settings, PipelineTools& tools);

  void begin() noexcept;
  void feed(ByteView octets) noexcept { reader_.feed(octets, tools_.scan.workspace, *this); }
  Verdict finish() noexcept;

  std::string_view message_id() const noexcept { return message_id_.view(); }
  std::string_view subject() const noexcept { return subject_.view(); }
  static std::size_t memory_bytes(const CompiledRules& rules, const ScanSettings& settings);

 private:
  using Fact = mime::BoundedText<kFactBytes>;

  void field(const mime::HeaderField& field) noexcept override;
  void section_end(mime::Section section) noexcept override { rules().section_end(section); }
  void container(std::string_view type, std::uint32_t depth) noexcept override {
    rules().container(type, depth);
  }
  void part_begin(const mime::Part& part) noexcept override { rules().part_begin(part); }
  void part_raw(const mime::Part& part, ByteView encoded) noexcept override {
    rules().part_raw(part, encoded);
  }
  void part_bytes(const mime::Part& part, ByteView decoded) noexcept override {
    rules().part_bytes(part, decoded);
  }
  html::TokenSink* html_begin(const mime::Part& part) noexcept override {
    return rules().html_begin(part);
  }
  void text(const mime::Part& part, ByteView utf8) noexcept override { rules().text(part, utf8); }
  void rendered(const mime::Part& part, ByteView utf8) noexcept override {
    rules().rendered(part, utf8);
  }
  void part_end(const mime::Part& part) noexcept override { rules().part_end(part); }
  void rawbody(std::string_view element) noexcept override { rules().rawbody(element); }
  void body(mime::BodyView view, std::string_view element) noexcept override {
    rules().body(view, element);
  }
  void uri(const mime::Uri& uri) noexcept override { rules().uri(uri); }
  void message_end(const mime::MessageFacts& facts) noexcept override {
    rules().message_end(facts);
  }

  mime::MessageSink& rules() noexcept { return rules_; }
  static void keep(std::string_view raw, Fact& fact) noexcept;
  Verdict conclude() const noexcept;

  PipelineTools& tools_;
  sa::RuleScan rules_;
  mime::MessageReader reader_;
  Fact message_id_;
  Fact subject_;
};

}  // namespace sluice::scan
