// The look at the files of a message while it arrives: names, declared types and first octets of
// its parts. What needs more than that (archives, documents, hashes) is for the examination, and
// this tells whether there is any. Allocates nothing.
#pragma once

#include <array>

#include "scanners/attachment/attachment_rules.h"
#include "scanners/attachment/cut.h"
#include "scanners/attachment/file_name.h"
#include "scanners/attachment/finding.h"
#include "scanners/mime/message_sink.h"

namespace sluice::scan::attachment {

struct Report {
  Findings findings;
  RuleHits rules;  // of AttachmentRules
  Cuts cuts;       // what they take out
};

// Which parts of a message rules take out: told of the hits on all files of each, then of its end.
class Stripper {
 public:
  void begin() noexcept { hits_ = {}; }
  void hit(const RuleHits& hits) noexcept { hits_ |= hits; }
  // A uuencoded file ends within its part, and is a reason to take that out.
  void part_end(const mime::Part& part, std::uint64_t origin, const AttachmentRules& rules,
                Cuts& cuts) noexcept;

 private:
  RuleHits hits_;
};

// A text to read, not a file; what says that it is a message is one.
bool is_body(const mime::Part& part) noexcept;

// Whether a file is a message by what is said of it (RFC 2046 5.2.1, RFC 6532 3.7).
bool claims_message(const FileName& name, std::string_view declared) noexcept;

// What the limits of its reader kept from being told of a message.
Findings untold(mime::Anomalies anomalies) noexcept;

// What name, declared type and content say together.
Findings compare(const FileName& name, std::string_view declared, FileType type) noexcept;

class FirstLook final : public mime::MessageSink {
 public:
  explicit FirstLook(const AttachmentRules& rules) : rules_(rules) {}

  void begin() noexcept;
  // So many octets are fed before the message's first.
  void skip(std::uint64_t octets) noexcept { origin_ = octets; }
  void part_begin(const mime::Part& part) noexcept override;
  void part_bytes(const mime::Part& part, ByteView decoded) noexcept override;
  void part_end(const mime::Part& part) noexcept override;
  void message_end(const mime::MessageFacts& facts) noexcept override;

  void add(const Report& found) noexcept;  // what was found by other means
  const Report& report() const noexcept { return report_; }
  bool wants_examination() const noexcept { return wants_examination_; }

 private:
  struct Head {
    std::uint16_t size = 0;
    std::array<std::uint8_t, kSniffBytes> octets;
  };
  // A uuencoded file is told within the text around it.
  Head& head_of(const mime::Part& part) noexcept {
    return heads_[part.role == mime::PartRole::uuencoded ? 1 : 0];
  }

  const AttachmentRules& rules_;
  Report report_;
  Stripper stripper_;
  std::uint64_t origin_ = 0;
  bool wants_examination_ = false;
  Head heads_[2];
};

}  // namespace sluice::scan::attachment
