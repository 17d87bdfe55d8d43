#include "scanners/pipeline.h"

#include <algorithm>
#include <cstring>

namespace sluice::scan {
namespace {

mime::MessageLimits limits_of(const ScanSettings& settings) noexcept {
  mime::MessageLimits limits;
  limits.walker = {settings.mime_depth_max, settings.mime_parts_max, settings.header_bytes_max,
                   settings.header_fields_max};
  limits.rawbody_part_bytes_max = settings.rawbody_part_bytes_max;
  limits.body_part_bytes_max = settings.body_part_bytes_max;
  limits.uris_max = settings.uris_max;
  return limits;
}

// What the places of the rules take from.
mime::Wanted wanted_by(const CompiledRules& rules) noexcept {
  mime::Wanted wanted;
  for (const auto& [place, database] : rules.places())
    wanted.text = wanted.text || place.kind == PlaceKind::body;
  return wanted;
}

std::string_view trim(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t\r") + 1);
}

}  // namespace

PipelineTools::PipelineTools(const CompiledRules& rules, const ScanSettings& settings)
    : scl_table(settings.scl_score) {
  for (const Rule& rule : rules.rules()) scores.push_back(milli_score(rule.score));
  for (const auto& place : rules.places()) scratch.grow_for(place.database);
}

MessageScan::MessageScan(const CompiledRules& rules, const ScanSettings& settings,
                         PipelineTools& tools)
    : tools_(tools), matches_(rules.size()), reader_(limits_of(settings), wanted_by(rules)) {
  for (const auto& [place, database] : rules.places()) {
    switch (place.kind) {
      case PlaceKind::header: header_.emplace(database); break;
      case PlaceKind::part: part_.emplace(database); break;
      case PlaceKind::body: body_.emplace(database); break;
      case PlaceKind::raw: raw_.emplace(database); break;
      case PlaceKind::field:
        field_lanes_.push_back({place.field, hyperscan::Stream(database)});
        break;
    }
  }
}

std::size_t MessageScan::memory_bytes(const CompiledRules& rules, const ScanSettings& settings) {
  std::size_t sum = sizeof(MessageScan) - sizeof(mime::MessageReader) + (rules.size() + 7) / 8;
  sum += mime::MessageReader::memory_bytes(limits_of(settings), wanted_by(rules));
  for (const auto& place : rules.places()) sum += place.database.stream_bytes() + sizeof(FieldLane);
  return sum;
}

template <typename Visit>
void MessageScan::for_each_stream(Visit&& visit) noexcept {
  for (auto* stream : {&header_, &part_, &body_, &raw_})
    if (*stream) visit(**stream);
  for (FieldLane& lane : field_lanes_) visit(lane.stream);
}

void MessageScan::begin() noexcept {
  for_each_stream([](hyperscan::Stream& stream) { stream.reset(); });
  matches_.clear();
  message_id_.clear();
  subject_.clear();
  lane_ = nullptr;
  reader_.begin();
}

void MessageScan::feed(ByteView octets) noexcept {
  if (raw_) target(*raw_).scan(octets);
  reader_.feed(octets, tools_.mime, *this);
  flush();
}

Verdict MessageScan::finish() noexcept {
  reader_.finish(tools_.mime, *this);
  flush();
  for_each_stream([this](hyperscan::Stream& stream) { stream.finish(tools_.scratch, matches_); });
  return conclude();
}

void MessageScan::flush() noexcept {
  if (header_) tools_.header.flush(target(*header_));
  if (part_) tools_.part.flush(target(*part_));
  if (body_) tools_.body.flush(target(*body_));
}

void MessageScan::field(const mime::HeaderField& field) noexcept {
  if (field.section == mime::Section::part) {
    if (part_) gather_line(tools_.part, *part_, field.first ? field.name : "", decoded_line(field));
    return;
  }
  if (field.first) open_field(field);
  if (!header_ && lane_ == nullptr) return;
  const ByteView line = decoded_line(field);
  if (header_) gather_line(tools_.header, *header_, field.first ? field.name : "", line);
  if (lane_ != nullptr) target(lane_->stream).scan(line);
}

void MessageScan::open_field(const mime::HeaderField& field) noexcept {
  const auto lane = std::ranges::find_if(field_lanes_, [&](const FieldLane& candidate) {
    return equals_ignoring_case(candidate.name, field.name);
  });
  lane_ = lane == field_lanes_.end() ? nullptr : &*lane;
  if (subject_.empty() && equals_ignoring_case(field.name, "subject"))
    keep(field.raw, subject_);
  else if (message_id_.empty() && equals_ignoring_case(field.name, "message-id"))
    keep(field.raw, message_id_);
}

// Without folds: it goes into a line of the mail log.
void MessageScan::keep(std::string_view raw, Fact& fact) noexcept {
  for (raw = trim(raw); !raw.empty();) {
    const std::string_view line = raw.substr(0, raw.find_first_of("\r\n"));
    fact.append(line);
    raw.remove_prefix(line.size());
    raw.remove_prefix(std::min(raw.find_first_not_of("\r\n"), raw.size()));
  }
}

// In the workspace, which has room for the line end; the value may be there already.
ByteView MessageScan::decoded_line(const mime::HeaderField& field) noexcept {
  auto& line = tools_.mime.converted;
  std::size_t size = field.value.size();
  std::memmove(line.data(), field.value.data(), size);
  if (field.last) line[size++] = '\n';
  return {line.data(), size};
}

void MessageScan::gather_line(Gatherer& gatherer, hyperscan::Stream& stream, std::string_view name,
                              ByteView line) noexcept {
  const Gatherer::Target to = target(stream);
  while (!name.empty()) {
    std::array<char, 64> lower;
    const std::size_t size = std::min(name.size(), lower.size());
    std::ranges::transform(name.substr(0, size), lower.begin(), ascii_lower);
    gatherer.add(as_bytes({lower.data(), size}), to);
    name.remove_prefix(size);
    if (name.empty()) gatherer.add(as_bytes(": "), to);
  }
  gatherer.add(line, to);
}

void MessageScan::text(const mime::Part&, ByteView utf8) noexcept {
  tools_.body.add(utf8, target(*body_));
}

// Parts are kept apart by a line end, so that no word grows across them.
void MessageScan::part_end(const mime::Part& part) noexcept {
  if (body_ && part.is_text) tools_.body.add(as_bytes("\n"), target(*body_));
}

Verdict MessageScan::conclude() const noexcept {
  Verdict verdict;
  MilliScore score = 0;
  matches_.for_each([&](std::uint32_t rule) {
    score += tools_.scores[rule];
    ++verdict.hit_total;
    if (verdict.hit_count < kHitsMax)
      verdict.hits[verdict.hit_count++] = static_cast<std::uint16_t>(rule);
  });
  verdict.hits_truncated = verdict.hit_total > verdict.hit_count;
  verdict.score = static_cast<double>(score) / 1'000;
  verdict.scl = tools_.scl_table.scl(score);
  return verdict;
}

}  // namespace sluice::scan
