// The content scan of one core. A message is fed as it arrives, in any chunking, and the verdict is
// known when the last octet is in: same octets, same verdict, whatever the chunks.
// The octets are those of the message after dot-unstuffing, lines ending in CRLF.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/clock.h"
#include "engine/config/config.h"
#include "engine/config/problem.h"
#include "scanners/attachment/first_look.h"
#include "scanners/verdict.h"

namespace sluice::scan::bayes {
struct Models;
class Lessons;
}  // namespace sluice::scan::bayes

namespace sluice::scan {

struct ScanSettings {
  std::vector<double> scl_score;  // lowest score of SCL 1..9
  std::uint32_t mime_depth_max = 20;
  std::uint32_t mime_parts_max = 1'000;
  std::uint32_t header_bytes_max = 256 * 1024;
  std::uint32_t header_fields_max = 1'000;
  std::uint64_t rawbody_part_bytes_max = 512 * 1024;
  std::uint64_t body_part_bytes_max = 64 * 1024;
  std::uint32_t uris_max = 1'000;
  std::uint64_t text_bytes_max = 8 * 1024 * 1024;
  std::uint32_t known_texts_max = 0;  // what rules said of as many is kept (known_texts.h)
  Duration time_max = seconds(1);    // of the thread that feeds; measured from run to run of octets
  bool classifier = false;           // ask the models that set_models() gives
  std::uint32_t tokens_max = 8'192;  // of a message, that the classifier sees
  bool auto_learn = false;           // teach() has something to say
  double auto_learn_spam = 12.0;     // points (auto_learn.h)
  double auto_learn_ham = 0.1;
  std::vector<config::AttachmentRule> attachment_rules;
  bool stock_rules = false;      // those of Debian's package as well, where it is installed
  bool own_rules = false;        // ours beside them (rules/README.md)
  bool trained = false;          // use the scores for rules beside a classifier
  unsigned compile_threads = 1;  // at load
  std::string cache;             // a folder of compiled rules; empty: none
  std::string allow_phrases;     // files (phrases.h); empty: none
  std::string block_phrases;
};

inline constexpr const char* kStockRules = "/usr/share/spamassassin";

// Compiled rules in SpamAssassin's language: immutable, shared by all cores, swapped whole on
// reload.
class RuleSet {
 public:
  virtual ~RuleSet() = default;
  // Of files and folders of *.cf files. What cannot be read is an error; a broken rule is a note,
  // and the others run.
  static std::expected<std::shared_ptr<const RuleSet>, config::Problems> load(
      std::span<const std::string> paths, const ScanSettings& settings);

  virtual std::size_t size() const noexcept = 0;
  virtual std::string_view name(std::uint16_t rule) const noexcept = 0;
  virtual double score(std::uint16_t rule) const noexcept = 0;
  virtual std::string_view description(std::uint16_t rule) const noexcept = 0;
  virtual const std::vector<std::string>& notes() const noexcept = 0;  // of the load, for the log
  virtual const attachment::AttachmentRules& attachment_rules() const noexcept = 0;
};

// Texts whose rules were (not) known from messages before.
struct TextReuse {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t evictions = 0;
};

class MessageScan;  // the running state of one message, pooled

class Scanner {
 public:
  // Plans for `capacity` messages at once.
  Scanner(std::shared_ptr<const RuleSet> rules, const ScanSettings& settings, std::size_t capacity);
  ~Scanner();

  MessageScan* begin() noexcept;  // nullptr: all in use
  void feed(MessageScan& scan, ByteView octets) noexcept;
  // Once, before feed(): what stands in front of the message itself, our own Received.
  void feed_trace(MessageScan& scan, ByteView octets) noexcept;
  // Then release(). `domain`: of the recipients, when all have the same.
  Verdict finish(MessageScan& scan, std::string_view domain = {}) noexcept;
  // After finish(): there are files that only an examination sees into.
  bool wants_examination(const MessageScan& scan) const noexcept;
  // After finish(): the verdict with what an examination has found.
  Verdict amend(MessageScan& scan, const attachment::Report& found) noexcept;
  // After finish() or amend(): what is to be taken out, when the verdict says so.
  std::span<const attachment::Cut> cuts(const MessageScan& scan) const noexcept;
  // After finish(): what the classifier may learn from it unasked. `domain` as there.
  void teach(const MessageScan& scan, std::string_view domain,
             bayes::Lessons& lessons) const noexcept;
  void release(MessageScan& scan) noexcept;

  // Facts for the mail log, valid after finish() until release(); bounded, undecoded.
  std::string_view message_id(const MessageScan& scan) const noexcept;
  std::string_view subject(const MessageScan& scan) const noexcept;

  // What the classifier reads from now on; between two calls of others. Who gives it keeps what was
  // before until this has returned, so that nothing is freed here.
  void set_models(std::shared_ptr<const bayes::Models> models) noexcept;

  const RuleSet& rules() const noexcept;
  std::size_t message_bytes() const noexcept;  // memory planned for each of `capacity`
  TextReuse take_text_reuse() noexcept;        // since the last call

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::scan
