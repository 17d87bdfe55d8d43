// The leaves of a message as GMime sees them and as we do.
#pragma once

#include <gmime/gmime.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scanners/mime/message_reader.h"

namespace sluice::scan {

struct LeafPart {
  std::string type;
  std::string octets;  // decoded
  bool operator==(const LeafPart&) const = default;
};

// With `octets` false the parts are walked and decoded, not kept.
inline std::vector<LeafPart> gmime_parts(std::string_view message, bool keep = true) {
  std::vector<LeafPart> parts;
  GMimeStream* stream = g_mime_stream_mem_new_with_buffer(message.data(), message.size());
  GMimeParser* parser = g_mime_parser_new_with_stream(stream);
  GMimeMessage* read = g_mime_parser_construct_message(parser, nullptr);
  GMimePartIter* iter =
      read == nullptr ? nullptr : g_mime_part_iter_new(reinterpret_cast<GMimeObject*>(read));
  for (bool more = iter != nullptr && g_mime_part_iter_is_valid(iter); more;
       more = g_mime_part_iter_next(iter)) {
    GMimeObject* object = g_mime_part_iter_get_current(iter);
    if (!GMIME_IS_PART(object)) continue;
    LeafPart part;
    GMimeContentType* type = g_mime_object_get_content_type(object);
    char* name = g_mime_content_type_get_mime_type(type);
    char* lower = g_ascii_strdown(name, -1);
    part.type = lower;
    g_free(lower);
    g_free(name);
    if (GMimeDataWrapper* content = g_mime_part_get_content(reinterpret_cast<GMimePart*>(object))) {
      GMimeStream* decoded = keep ? g_mime_stream_mem_new() : g_mime_stream_null_new();
      g_mime_data_wrapper_write_to_stream(content, decoded);
      if (keep) {
        const GByteArray* octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(decoded));
        part.octets.assign(reinterpret_cast<const char*>(octets->data), octets->len);
      }
      g_object_unref(decoded);
    }
    parts.push_back(std::move(part));
  }
  if (iter != nullptr) g_mime_part_iter_free(iter);
  if (read != nullptr) g_object_unref(read);
  g_object_unref(parser);
  g_object_unref(stream);
  return parts;
}

class OurParts final : private mime::MessageSink {
 public:
  std::vector<LeafPart> of(std::string_view message, bool keep = true) {
    keep_ = keep;
    parts_.clear();
    reader_.begin();
    for (std::size_t at = 0; at < message.size(); at += kChunkBytes)
      reader_.feed(as_bytes(message.substr(at, kChunkBytes)), workspace_, *this);
    reader_.finish(workspace_, *this);
    return std::move(parts_);
  }
  mime::Anomalies anomalies() const { return anomalies_; }
  std::uint64_t octets() const { return octets_; }

 private:
  static constexpr std::size_t kChunkBytes = 4'096;

  static bool counts(const mime::Part& part) { return part.role == mime::PartRole::content; }
  void part_begin(const mime::Part& part) noexcept override {
    if (keep_ && counts(part)) parts_.push_back({std::string(part.type), {}});
  }
  void part_bytes(const mime::Part& part, ByteView decoded) noexcept override {
    octets_ += decoded.size();
    if (keep_ && counts(part)) parts_.back().octets += as_text(decoded);
  }
  void message_end(const mime::MessageFacts& facts) noexcept override {
    anomalies_ = facts.anomalies;
  }

  mime::MessageReader reader_{{}, {.part_bytes = true}};
  mime::Workspace workspace_;
  mime::Anomalies anomalies_;
  std::vector<LeafPart> parts_;
  std::uint64_t octets_ = 0;
  bool keep_ = true;
};

}  // namespace sluice::scan
