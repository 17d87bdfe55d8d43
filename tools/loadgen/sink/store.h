// Where a sink's messages go: nowhere, or one file each plus a line of JSON with the envelope.
#pragma once

#include <cstdint>
#include <cstdio>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "engine/mail/envelope.h"

namespace sluice::load {

class Store {
 public:
  // `directory` is created; empty = messages are thrown away.
  std::expected<void, std::string> open(const std::string& directory);
  bool keeps() const noexcept { return envelopes_ != nullptr; }

  // Writes NNNNNNNN.eml (the octets as received, dots unstuffed) and its line in envelopes.jsonl:
  // {"file", "from", "to": […], "helo"}. False when the file system refuses.
  bool put(std::string_view octets, const mail::Envelope& envelope, std::string_view helo);

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string directory_;
  std::unique_ptr<std::FILE, CloseFile> envelopes_;
  std::uint64_t count_ = 0;
};

}  // namespace sluice::load
