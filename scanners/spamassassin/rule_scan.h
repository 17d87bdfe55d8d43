// The rules over one message while it arrives: told of its fields, parts, texts and links, it keeps
// how often each rule hit.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "scanners/mime/message_sink.h"
#include "scanners/spamassassin/program.h"
#include "scanners/spamassassin/relays.h"

namespace sluice::scan::sa {

// What the scans of one core share; its contents do not outlive a call.
struct ScanTools {
  explicit ScanTools(const Program& program) : matches(program.largest_set()) {
    program.grow(patterns);
  }
  PatternTools patterns;
  hyperscan::MatchSet matches;  // of the text being scanned
  mime::Workspace workspace;
  std::string value;
};

class RuleScan final : public mime::MessageSink {
 public:
  // What is beyond `text_bytes_max` octets of the message's body, of its rawbody or of its URIs is
  // not looked at: limited().
  RuleScan(std::shared_ptr<const Program> program, ScanTools& tools, std::size_t header_bytes_max,
           std::uint64_t text_bytes_max = UINT64_MAX);
  RuleScan(const RuleScan&) = delete;
  RuleScan& operator=(const RuleScan&) = delete;

  static mime::Wanted wanted() noexcept;
  void begin() noexcept;

  // After message_end().
  double score() const noexcept { return score_; }
  bool limited() const noexcept { return limited_; }
  float count(std::uint32_t rule) const noexcept { return counts_[rule]; }
  const Program& program() const noexcept { return *program_; }

 private:
  void field(const mime::HeaderField& field) noexcept override;
  void section_end(mime::Section section) noexcept override;
  void rawbody(std::string_view element) noexcept override;
  void body(mime::BodyView view, std::string_view element) noexcept override;
  void uri(const mime::Uri& uri) noexcept override;
  void message_end(const mime::MessageFacts& facts) noexcept override;

  void hit(std::uint32_t rule, std::uint32_t count) noexcept;
  void scan(const PatternSet& set, std::string_view text, std::uint64_t& seen) noexcept;
  void scan_fields(const std::vector<Program::FieldGroup>& groups,
                   const HeaderStore& store) noexcept;
  void settle_negated(const std::vector<Program::FieldGroup>& groups) noexcept;

  std::shared_ptr<const Program> program_;
  ScanTools& tools_;
  HeaderStore headers_;
  HeaderStore part_headers_;
  Relays relays_;
  const HeaderStore::Made made_ = [this](std::string_view name, std::string& value) {
    return relays_.value_of(name, value);
  };
  std::vector<float> counts_;  // by rule
  double score_ = 0;
  std::uint64_t text_bytes_max_;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t rawbody_bytes_ = 0;
  std::uint64_t uri_bytes_ = 0;
  bool limited_ = false;
};

}  // namespace sluice::scan::sa
