// The running scan of one message: octets → MIME walk → decoded text and fields → Hyperscan streams
// → rules that hit. Memory is fixed and planned at start: memory_bytes().
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "scanners/gatherer.h"
#include "scanners/mime/message_reader.h"
#include "scanners/rules/compiled_rules.h"
#include "scanners/scl.h"
#include "scanners/verdict.h"

namespace sluice::scan {

inline constexpr std::size_t kFactBytes = 256;  // of Subject and Message-ID, kept for the mail log

// What the scans of one core share. The gatherers are empty between calls.
struct PipelineTools {
  PipelineTools(const CompiledRules& rules, const ScanSettings& settings);

  SclTable scl_table;
  std::vector<MilliScore> scores;  // by rule
  hyperscan::Scratch scratch;
  mime::Workspace mime;
  Gatherer body;
  Gatherer header;
  Gatherer part;
};

class MessageScan final : private mime::MessageSink {
 public:
  MessageScan(const CompiledRules& rules, const ScanSettings& settings, PipelineTools& tools);

  void begin() noexcept;
  void feed(ByteView octets) noexcept;
  Verdict finish() noexcept;

  std::string_view message_id() const noexcept { return message_id_.view(); }
  std::string_view subject() const noexcept { return subject_.view(); }
  static std::size_t memory_bytes(const CompiledRules& rules, const ScanSettings& settings);

 private:
  using Fact = mime::BoundedText<kFactBytes>;
  struct FieldLane {
    std::string_view name;  // the rule set's
    hyperscan::Stream stream;
  };

  void field(const mime::HeaderField& field) noexcept override;
  void text(const mime::Part& part, ByteView utf8) noexcept override;
  void part_end(const mime::Part& part) noexcept override;

  void open_field(const mime::HeaderField& field) noexcept;
  static void keep(std::string_view raw, Fact& fact) noexcept;
  ByteView decoded_line(const mime::HeaderField& field) noexcept;
  void gather_line(Gatherer& gatherer, hyperscan::Stream& stream, std::string_view name,
                   ByteView line) noexcept;
  void flush() noexcept;
  template <typename Visit>
  void for_each_stream(Visit&& visit) noexcept;
  Gatherer::Target target(hyperscan::Stream& stream) noexcept {
    return {stream, tools_.scratch, matches_};
  }
  Verdict conclude() const noexcept;

  PipelineTools& tools_;
  std::optional<hyperscan::Stream> header_;
  std::optional<hyperscan::Stream> part_;
  std::optional<hyperscan::Stream> body_;
  std::optional<hyperscan::Stream> raw_;
  std::vector<FieldLane> field_lanes_;
  FieldLane* lane_ = nullptr;  // of the field being told
  hyperscan::MatchSet matches_;
  mime::MessageReader reader_;
  Fact message_id_;
  Fact subject_;
};

}  // namespace sluice::scan
