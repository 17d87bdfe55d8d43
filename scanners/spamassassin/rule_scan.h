// The rules over one message while it arrives: told of its fields, parts, texts and links, it keeps
// how often each rule hit.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "scanners/bayes/classifier.h"
#include "scanners/mime/message_sink.h"
#include "scanners/spamassassin/evidence/gathered.h"
#include "scanners/spamassassin/full_text.h"
#include "scanners/spamassassin/header/relays.h"
#include "scanners/spamassassin/known_texts.h"
#include "scanners/spamassassin/program.h"

namespace sluice::scan::sa {

// What the scans of one core share; its contents do not outlive a call.
struct ScanTools {
  explicit ScanTools(const Program& program, std::size_t known_texts = 0)
      : matches(program.largest_set()), stale_metas(program.metas().size()), known(known_texts) {
    program.grow(patterns);
    program.grow(fields);
  }
  PatternTools patterns;
  FieldTools fields;
  hyperscan::MatchSet matches;      // of the text being scanned
  hyperscan::MatchSet stale_metas;  // a part of them has hit
  mime::Workspace workspace;
  std::string value;
  KnownTexts known;  // alone outlives a call: of texts that came before
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

  // The message as it came, in any chunks, all of it before message_end(); without it "full" rules
  // see nothing. Those that ask for its beginning or end see messages of one window alone.
  void full(ByteView octets) noexcept;

  // Of the classifier, complete at message_end(). Without it the classifier's rules do not hit.
  void heed(const bayes::Opinion& opinion) noexcept { opinion_ = &opinion; }

  // No more texts are looked at: limited().
  void stop() noexcept { limited_ = stopped_ = true; }

  // After message_end().
  double score() const noexcept { return score_; }
  bool limited() const noexcept { return limited_; }
  float count(std::uint32_t rule) const noexcept { return counts_[rule]; }
  const Program& program() const noexcept { return *program_; }

 private:
  void field(const mime::HeaderField& field) noexcept override;
  void section_end(mime::Section section) noexcept override;
  void container(std::string_view type, std::uint32_t depth) noexcept override;
  void part_begin(const mime::Part& part) noexcept override;
  void part_raw(const mime::Part& part, ByteView encoded) noexcept override;
  void part_bytes(const mime::Part& part, ByteView decoded) noexcept override;
  html::TokenSink* html_begin(const mime::Part& part) noexcept override;
  void text(const mime::Part& part, ByteView utf8) noexcept override;
  void rendered(const mime::Part& part, ByteView utf8) noexcept override;
  void part_end(const mime::Part& part) noexcept override;
  void rawbody(std::string_view element) noexcept override;
  void body(mime::BodyView view, std::string_view element) noexcept override;
  void uri(const mime::Uri& uri) noexcept override;
  void message_end(const mime::MessageFacts& facts) noexcept override;

  // Calls work(). Where a library or the function of a rule throws, the rest of the message's texts
  // is not looked at, as when a limit is met: limited().
  template <typename Work>
  void attempt(Work&& work) noexcept;
  void hit(std::uint32_t rule, std::uint32_t count) noexcept;
  void hit_field(std::uint32_t rule, std::uint32_t count) noexcept;
  bool settled(std::uint32_t rule) const noexcept;
  void scan(const PatternSet& set, std::string_view text, std::uint64_t& seen,
            bool in_subject = false);
  void scan_fields(const std::vector<Program::FieldGroup>& groups, const HeaderStore& store);
  const Relays& relays();
  // Of the header alone, or the others.
  void run_evals(bool of_header);
  void run_metas() noexcept;
  void look_at_uris();  // those that are new
  void look_at_full(ByteView window, bool whole);
  void settle_negated(const std::vector<Program::FieldGroup>& groups) noexcept;

  std::shared_ptr<const Program> program_;
  ScanTools& tools_;
  HeaderStore headers_;
  HeaderStore part_headers_;
  Relays relays_;
  bool relays_read_ = false;  // of this message
  HeaderFacts facts_{headers_, relays_};
  bool header_read_ = false;  // of this message, and the functions that look at it alone are called
  Gathered gathered_;
  FullText full_text_;
  bool full_whole_ = true;  // the text being scanned is no window of several
  ListedHosts listed_hosts_;
  const HeaderStore::Made made_ = [this](std::string_view name, std::string& value) {
    return relays().value_of(name, value);
  };
  std::vector<float> counts_;  // by rule
  bool in_subject_ = true;     // the next body element is the Subject
  double score_ = 0;
  const bayes::Opinion* opinion_ = nullptr;
  bool gathers_;  // what functions want to know of texts
  std::uint64_t text_bytes_max_;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t rawbody_bytes_ = 0;
  std::uint64_t uri_bytes_ = 0;
  std::uint64_t full_bytes_ = 0;
  std::size_t uris_scanned_ = 0;  // of gathered_.uris().forms()
  std::size_t hosts_added_ = 0;   // of gathered_.uri_hosts()
  bool limited_ = false;
  bool stopped_ = false;
};

}  // namespace sluice::scan::sa
