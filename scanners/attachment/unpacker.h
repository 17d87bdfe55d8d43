// Looks into the files of a message as deep as they go: archives in archives, documents with
// programs, messages in archives. Everything is bounded; what a bound keeps from being looked at is
// a finding. Not for data cores: it allocates, and takes as long as UnpackLimits allow.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "scanners/attachment/first_look.h"
#include "scanners/mime/walker.h"

namespace sluice::scan::attachment {

struct UnpackLimits {
  std::uint32_t depth_max = 12;                       // files in files
  std::uint32_t files_max = 5'000;                    // of one message
  std::uint64_t expanded_max = 256ULL * 1024 * 1024;  // octets of all of them
  std::uint32_t ratio_max = 250;                      // these to those of the message
  Duration time_max = seconds(20);
  mime::WalkerLimits message{};  // of each message in it
};

class Unpacker {
 public:
  // Told of each file that a part of the message is, transfer encoding undone.
  using OnPart = std::function<void(ByteView file)>;

  // `stop` ends it early; may be null. For many messages, one after the other.
  explicit Unpacker(const UnpackLimits& limits, const std::atomic<bool>* stop = nullptr);
  ~Unpacker();

  Report examine(std::span<const ByteView> message, const AttachmentRules& rules,
                 const OnPart& on_part = {});
  // One file instead of a message.
  Report examine_file(std::string_view name, ByteView octets, const AttachmentRules& rules);

  // For what opens files (archive, ole, pdf, …), about what is in them.
  void note(Finding finding) { report_.findings.add(finding); }
  void note(Findings findings) { report_.findings.add(findings); }
  // A part of a message at its end: the message itself, or one that is being opened.
  void part(const mime::Part& part, ByteView octets);
  // A file within the one that is being opened.
  void file(std::string_view name, std::string_view declared, ByteView octets);
  void name_only(std::string_view name);  // its content cannot be had
  // Takes `octets` of expansion from what is left; false: enough, read no further.
  bool spend(std::uint64_t octets);
  bool may_open();  // one more file; false: enough
  bool over();      // the time
  std::uint64_t left() const noexcept { return limits_.expanded_max - expanded_; }

 private:
  struct Level;
  void begin(std::uint64_t octets, const AttachmentRules& rules);
  void message(std::span<const ByteView> octets, const OnPart& on_part);
  void match(const File& file);
  void match_content(File file, ByteView octets);
  void open_document(FileType type, ByteView octets);

  UnpackLimits limits_;
  const std::atomic<bool>* stop_;
  std::vector<std::unique_ptr<Level>> levels_;  // by depth
  const AttachmentRules* rules_ = nullptr;      // of this message
  Report report_;
  Stripper stripper_;
  std::uint32_t depth_ = 0;
  std::uint32_t files_ = 0;
  std::uint64_t expanded_ = 0;
  std::uint64_t message_octets_ = 0;
  Instant deadline_{};
  bool exhausted_ = false;  // a limit was met: nothing more is opened
};

// Each looks into one file of its kind, and tells the unpacker what it finds. `name` is the file's.
void open_archive(FileType type, std::string_view name, ByteView file, Unpacker& unpacker);
void open_ole(ByteView file, Unpacker& unpacker);
void open_pdf(ByteView file, Unpacker& unpacker);
void open_rtf(ByteView file, Unpacker& unpacker);
void open_tnef(ByteView file, Unpacker& unpacker);

}  // namespace sluice::scan::attachment
