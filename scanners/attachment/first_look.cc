#include "scanners/attachment/first_look.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::scan::attachment {

bool is_body(const mime::Part& part) noexcept {
  return part.is_text && part.file_name.empty() && !claims_message(FileName({}), part.type);
}

bool claims_message(const FileName& name, std::string_view declared) noexcept {
  return declared == "message/rfc822" || declared == "message/global" ||
         name.extension() == "eml" || name.extension() == "u8msg";
}

Findings untold(mime::Anomalies anomalies) noexcept {
  using mime::Anomaly;
  Findings found;
  if (anomalies.has(Anomaly::depth_limit)) found.add(Finding::too_deep);
  for (const Anomaly limit :
       {Anomaly::parts_limit, Anomaly::header_bytes_limit, Anomaly::header_fields_limit})
    if (anomalies.has(limit)) found.add(Finding::limit);
  return found;
}

Findings compare(const FileName& name, std::string_view declared, FileType type) noexcept {
  Findings found;
  if (type == FileType::eicar) found.add(Finding::eicar);
  if (has(kPrograms, type) && type != FileType::eicar) found.add(Finding::program);
  if (name.runs()) found.add(Finding::runs_by_name);
  if (name.has(NameSign::double_extension)) found.add(Finding::double_extension);
  if (name.has(NameSign::text_direction)) found.add(Finding::text_direction);
  for (const NameSign sign :
       {NameSign::padded, NameSign::trailing, NameSign::class_id, NameSign::path})
    if (name.has(sign)) found.add(Finding::disguised_name);
  const auto lies = [type](TypeSet expected) {
    return expected != 0 && type != FileType::unknown && type != FileType::eicar &&
           !has(expected, type);
  };
  if ((name.known() != nullptr && lies(name.known()->types)) || lies(types_declared(declared)))
    found.add(Finding::mismatch);
  return found;
}

void Stripper::part_end(const mime::Part& part, std::uint64_t origin, const AttachmentRules& rules,
                        Cuts& cuts) noexcept {
  if (part.role == mime::PartRole::uuencoded) return;
  const RuleHits strips = std::exchange(hits_, {}) & rules.strips();
  if (strips.any()) cuts.add(part, origin, strips._Find_first());
}

void FirstLook::begin() noexcept {
  report_ = {};
  stripper_.begin();
  origin_ = 0;
  wants_examination_ = false;
}

void FirstLook::add(const Report& found) noexcept {
  report_.findings.add(found.findings);
  report_.rules |= found.rules;
  report_.cuts.add(found.cuts);
}

void FirstLook::part_begin(const mime::Part& part) noexcept { head_of(part).size = 0; }

void FirstLook::part_bytes(const mime::Part& part, ByteView decoded) noexcept {
  Head& head = head_of(part);
  const std::size_t size = std::min(decoded.size(), head.octets.size() - head.size);
  std::memcpy(head.octets.data() + head.size, decoded.data(), size);
  head.size = static_cast<std::uint16_t>(head.size + size);
}

void FirstLook::part_end(const mime::Part& part) noexcept {
  const Head& head = head_of(part);
  const FileName name(part.file_name);
  const FileType type = sniff({head.octets.data(), head.size});
  const bool text = is_body(part);
  report_.findings.add(compare(name, part.type, type));
  const File file{part.file_name, part.type, type, part.octets, nullptr};
  if (!text) {
    const RuleHits hits = rules_.match(file);
    report_.rules |= hits;
    stripper_.hit(hits);
  }
  stripper_.part_end(part, origin_, rules_, report_.cuts);

  constexpr TypeSet kOpened =
      (kDocuments | kArchives | kDiskImages) & ~types({FileType::html, FileType::xml});
  const bool closed = !has(kPictures | kMedia, type) && !part.is_text;
  wants_examination_ = wants_examination_ || has(kOpened, type) ||
                       (type == FileType::unknown && closed && part.octets > 0) ||
                       (name.known() != nullptr && name.known()->opens) ||
                       claims_message(name, part.type) || (rules_.want_digest() && !text);
}

void FirstLook::message_end(const mime::MessageFacts& facts) noexcept {
  report_.findings.add(untold(facts.anomalies));
}

}  // namespace sluice::scan::attachment
