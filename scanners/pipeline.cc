#include "scanners/pipeline.h"

#include <algorithm>

#include "scanners/mime/encoded_word.h"

namespace sluice::scan {
namespace {

mime::WalkerLimits limits_of(const ScanSettings& settings) noexcept {
  return {settings.mime_depth_max, settings.mime_parts_max, settings.header_bytes_max,
          settings.header_fields_max};
}

std::string_view trim_left(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text;
}

std::string_view trim(std::string_view text) noexcept {
  text = trim_left(text);
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
    : tools_(tools), matches_(rules.size()), walker_(limits_of(settings)) {
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
  std::size_t sum = sizeof(MessageScan) + (rules.size() + 7) / 8;
  sum += mime::BoundaryStack::frame_bytes() * settings.mime_depth_max;
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
  walker_.begin();
}

void MessageScan::feed(ByteView octets) noexcept {
  if (raw_) target(*raw_).scan(octets);
  walker_.feed(octets, *this);
  flush();
}

Verdict MessageScan::finish() noexcept {
  walker_.finish(*this);
  flush();
  for_each_stream([this](hyperscan::Stream& stream) { stream.finish(tools_.scratch, matches_); });
  return conclude();
}

void MessageScan::flush() noexcept {
  if (header_) tools_.header.flush(target(*header_));
  if (part_) tools_.part.flush(target(*part_));
  if (body_) tools_.body.flush(target(*body_));
}

void MessageScan::field(mime::Section section, const mime::FieldPiece& piece) noexcept {
  if (section == mime::Section::part) {
    if (part_) gather_line(tools_.part, *part_, piece.name, decoded_line(piece));
    return;
  }
  if (piece.first) open_field(piece);
  if (!header_ && lane_ == nullptr) return;
  const ByteView line = decoded_line(piece);
  if (header_) gather_line(tools_.header, *header_, piece.name, line);
  if (lane_ != nullptr) target(lane_->stream).scan(line);
}

void MessageScan::open_field(const mime::FieldPiece& piece) noexcept {
  const auto lane = std::ranges::find_if(field_lanes_, [&](const FieldLane& candidate) {
    return equals_ignoring_case(candidate.name, piece.name);
  });
  lane_ = lane == field_lanes_.end() ? nullptr : &*lane;
  if (subject_.empty() && equals_ignoring_case(piece.name, "subject"))
    subject_.assign(trim(piece.value));
  else if (message_id_.empty() && equals_ignoring_case(piece.name, "message-id"))
    message_id_.assign(trim(piece.value));
}

// In the workspace, which has room for the line end.
ByteView MessageScan::decoded_line(const mime::FieldPiece& piece) noexcept {
  const std::string_view value = piece.first ? trim_left(piece.value) : piece.value;
  std::size_t size = mime::decode_field(value, tools_.mime).size();
  if (piece.last) tools_.mime.converted[size++] = '\n';
  return {tools_.mime.converted.data(), size};
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

void MessageScan::leaf_begin(const mime::Leaf& leaf) noexcept {
  const mime::Entity& entity = leaf.entity;
  text_leaf_ = body_ && entity.kind == mime::MediaKind::text;
  if (text_leaf_) decoder_.begin(entity.encoding, mime::find_charset(entity.charset.view()));
}

void MessageScan::leaf(ByteView octets) noexcept {
  if (text_leaf_) decoder_.feed(octets, tools_.mime, *this);
}

// Parts are kept apart by a line end, so that no word grows across them.
void MessageScan::leaf_end() noexcept {
  if (!text_leaf_) return;
  decoder_.finish(tools_.mime, *this);
  text(as_bytes("\n"));
}

void MessageScan::text(ByteView utf8) noexcept { tools_.body.add(utf8, target(*body_)); }

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
