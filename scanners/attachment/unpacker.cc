#include "scanners/attachment/unpacker.h"

#include <algorithm>
#include <memory>

#include "scanners/attachment/hidden_archive.h"
#include "scanners/mime/message_reader.h"
#include "tls/sha256.h"

namespace sluice::scan::attachment {
namespace {

constexpr std::uint64_t kBombFloor = 32ULL * 1024 * 1024;  // less harms nobody

// Gathers the decoded octets of each leaf that is a file, and hands it over at its end.
class PartCollector final : public mime::MessageSink {
 public:
  PartCollector(Unpacker& unpacker, const Unpacker::OnPart& on_part)
      : unpacker_(unpacker), on_part_(on_part) {}

 private:
  void part_begin(const mime::Part& part) noexcept override {
    if (part.role == mime::PartRole::uuencoded)
      inner_.clear();
    else
      octets_.clear();
  }
  void part_bytes(const mime::Part& part, ByteView decoded) noexcept override {
    auto& octets = part.role == mime::PartRole::uuencoded ? inner_ : octets_;
    octets.insert(octets.end(), decoded.begin(), decoded.end());
  }
  void part_end(const mime::Part& part) noexcept override {
    const auto& octets = part.role == mime::PartRole::uuencoded ? inner_ : octets_;
    if (on_part_ && !is_body(part) && !octets.empty()) on_part_(octets);
    unpacker_.part(part, octets);
  }
  void message_end(const mime::MessageFacts& facts) noexcept override {
    unpacker_.note(untold(facts.anomalies));
  }

  Unpacker& unpacker_;
  const Unpacker::OnPart& on_part_;
  std::vector<std::uint8_t> octets_;
  std::vector<std::uint8_t> inner_;  // of a uuencoded file within the part
};

// What mail programs save messages with.
bool begins_like_message(ByteView octets) {
  const std::string_view head = as_text(octets.first(std::min<std::size_t>(octets.size(), 32)));
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{
          "Received: ", "Return-Path: ", "MIME-Version: ", "Delivered-To: ", "X-Mozilla-Status: "},
      [&](std::string_view field) { return head.starts_with(field); });
}

}  // namespace

// What reads messages of one depth; kept, since its tables of charsets take a millisecond to make.
struct Unpacker::Level {
  static mime::Wanted wanted() {
    mime::Wanted wanted;
    wanted.part_bytes = true;
    return wanted;
  }
  explicit Level(const mime::WalkerLimits& limits) : reader({.walker = limits}, wanted()) {}
  mime::MessageReader reader;
  mime::Workspace workspace;
};

Unpacker::Unpacker(const UnpackLimits& limits, const std::atomic<bool>* stop)
    : limits_(limits), stop_(stop) {}

Unpacker::~Unpacker() = default;

void Unpacker::begin(std::uint64_t octets, const AttachmentRules& rules) {
  report_ = {};
  stripper_.begin();
  rules_ = &rules;
  depth_ = files_ = 0;
  expanded_ = 0;
  exhausted_ = false;
  message_octets_ = octets;
  deadline_ = SystemClock().now() + limits_.time_max;
}

Report Unpacker::examine(std::span<const ByteView> octets, const AttachmentRules& rules,
                         const OnPart& on_part) {
  std::uint64_t size = 0;
  for (const ByteView piece : octets) size += piece.size();
  begin(size, rules);
  message(octets, on_part);
  return report_;
}

Report Unpacker::examine_file(std::string_view name, ByteView octets,
                              const AttachmentRules& rules) {
  begin(octets.size(), rules);
  file(name, {}, octets);
  return report_;
}

bool Unpacker::over() {
  if (stop_ != nullptr && stop_->load(std::memory_order_relaxed)) exhausted_ = true;
  if (!exhausted_ && SystemClock().now() < deadline_) return false;
  note(Finding::limit);
  return exhausted_ = true;
}

bool Unpacker::may_open() {
  if (over()) return false;
  if (++files_ <= limits_.files_max) return true;
  note(Finding::limit);
  exhausted_ = true;
  return false;
}

bool Unpacker::spend(std::uint64_t octets) {
  expanded_ += octets;
  if (expanded_ > kBombFloor && expanded_ / limits_.ratio_max >= message_octets_) {
    note(Finding::bomb);
    exhausted_ = true;
  } else if (expanded_ > limits_.expanded_max) {
    note(Finding::limit);
    exhausted_ = true;
  }
  return !over();
}

void Unpacker::message(std::span<const ByteView> octets, const OnPart& on_part) {
  while (levels_.size() <= depth_) levels_.push_back(std::make_unique<Level>(limits_.message));
  auto& [reader, workspace] = *levels_[depth_];
  PartCollector collector(*this, on_part);
  reader.begin();
  for (const ByteView piece : octets) reader.feed(piece, workspace, collector);
  reader.finish(workspace, collector);
}

void Unpacker::part(const mime::Part& part, ByteView octets) {
  const Stripper before = stripper_;
  if (!octets.empty() && may_open()) file(part.file_name, part.type, octets);
  if (is_body(part)) stripper_ = before;
  if (depth_ == 0) stripper_.part_end(part, 0, *rules_, report_.cuts);
}

void Unpacker::match(const File& file) {
  const RuleHits hits = rules_->match(file);
  report_.rules |= hits;
  stripper_.hit(hits);
}

void Unpacker::match_content(File file, ByteView octets) {
  Digest digest;
  if (rules_->want_digest()) {
    tls::Sha256 hash;
    hash.update(octets);
    digest = hash.finish();
    file.digest = &digest;
  }
  match(file);
}

void Unpacker::name_only(std::string_view name) {
  const FileName file_name(name);
  report_.findings.add(compare(file_name, {}, FileType::unknown));
  match({name, {}, FileType::unknown, 0, nullptr});
}

void Unpacker::file(std::string_view name, std::string_view declared, ByteView octets) {
  const std::size_t slash = name.find_last_of("/\\");
  const FileName file_name(name);
  if (slash != name.npos) name.remove_prefix(slash + 1);
  FileType type = sniff(octets.first(std::min(octets.size(), kSniffBytes)));
  const TypeSet claimed = archives_claimed(file_name, declared);
  const bool claims_mail = claims_message(file_name, declared);
  const bool mail = claims_mail || (type == FileType::unknown && begins_like_message(octets));
  Archive archive;  // one at the end of a message is a part of it
  if (type != FileType::unknown || claimed != 0 || !claims_mail)
    archive = find_archive(type, octets, claimed);
  if (type == FileType::unknown) type = archive.type;
  report_.findings.add(compare(file_name, declared, type));
  match_content({name, declared, type, octets.size(), nullptr}, octets);
  if (type == FileType::unknown && claimed != 0 && !octets.empty())
    archive = {first_of(claimed), octets};
  const bool document = has(kDocuments | bit(FileType::tnef), type);
  if (archive.type == FileType::unknown && !document && !mail) return;
  if (depth_ == limits_.depth_max) {
    note(Finding::too_deep);
    return;
  }
  ++depth_;
  if (document) open_document(type, octets);
  if (archive.type != FileType::unknown) open_archive(archive.type, name, archive.octets, *this);
  if (mail) message({&octets, 1}, {});
  --depth_;
}

void Unpacker::open_document(FileType type, ByteView octets) {
  switch (type) {
    case FileType::ole: open_ole(octets, *this); break;
    case FileType::pdf: open_pdf(octets, *this); break;
    case FileType::rtf: open_rtf(octets, *this); break;
    case FileType::tnef: open_tnef(octets, *this); break;
    default: break;
  }
}

}  // namespace sluice::scan::attachment
