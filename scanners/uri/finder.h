// Finds the URIs of a message: in running text, with or without a scheme, also where somebody made
// them unclickable; in the links of HTML; and those that URIs carry within them. Incremental, fixed
// memory (about 12 KiB), a limit on their number and on the octets of all words that are looked at
// as perhaps one: what the longest URIs of that number have.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"
#include "scanners/mime/message_sink.h"
#include "scanners/uri/canonical.h"

namespace sluice::scan::uri {

class FinderSink {
 public:
  virtual void found(mime::Uri& uri) noexcept = 0;

 protected:
  ~FinderSink() = default;
};

class Finder {
 public:
  explicit Finder(std::uint32_t uris_max) noexcept;

  void begin() noexcept;
  void begin_part() noexcept;
  void feed(ByteView utf8, FinderSink& sink) noexcept;  // rendered text, whole characters
  void end_part(FinderSink& sink) noexcept;
  void take_link(std::string_view target, mime::UriSource source, std::string_view shown,
                 bool hidden, FinderSink& sink) noexcept;

  std::uint32_t count() const noexcept { return count_; }
  bool limit_reached() const noexcept {
    return count_ == uris_max_ || looked_at_ >= std::uint64_t{uris_max_} * kUriBytes;
  }

 private:
  static constexpr int kCarriedMax = 3;         // URIs within URIs
  static constexpr std::size_t kWordCost = 32;  // of the shortest word, in octets of a long one

  bool may_look_at(std::string_view word) noexcept;
  void keep(ByteView part) noexcept;
  void look_at(std::string_view word, FinderSink& sink) noexcept;
  void take_text(std::string_view written, FinderSink& sink) noexcept;
  void tell(mime::Uri& uri, const Canonical& canonical, FinderSink& sink) noexcept;
  void tell_carried(std::string_view rest, mime::UriSource source, FinderSink& sink) noexcept;

  std::uint32_t uris_max_;
  std::uint32_t count_ = 0;
  std::uint64_t looked_at_ = 0;  // octets of words, and kWordCost for each
  std::uint16_t used_ = 0;       // of word_: a word that the last chunk ended in
  std::array<char, kUriBytes> word_;
  Canonical canonical_;
  Canonical other_;
};

}  // namespace sluice::scan::uri
