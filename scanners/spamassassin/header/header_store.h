// The fields of a message's header as rules ask for them. Filled while the header arrives; fields
// beyond the limit are left out. Names and values are as long as SpamAssassin reads them, and so is
// "ALL", though not "ALL:raw" (Mail::SpamAssassin::Constants, MAX_HEADER_…).
#pragma once

#include <bitset>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "scanners/mime/message_sink.h"
#include "scanners/mime/workspace.h"
#include "scanners/spamassassin/rule.h"

namespace sluice::scan::sa {

inline constexpr std::size_t kFieldNameMax = 256;
inline constexpr std::size_t kAllFieldsMax = 65'536;  // octets of "ALL"

class HeaderStore {
 public:
  // `bytes_max`: of names and of both forms of values, together.
  explicit HeaderStore(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void clear() noexcept;
  void add(const mime::HeaderField& piece);

  struct Field {
    std::string_view name;   // as written
    std::string_view raw;    // behind the colon as it came
    std::string_view value;  // unfolded, trimmed, decoded
    std::string_view whole;  // raw, and what is behind the octets that rules read
  };
  std::size_t size() const noexcept { return fields_.size(); }
  Field field(std::size_t index) const noexcept { return of(fields_[index]); }
  bool cut() const noexcept { return cut_; }  // a name, a value or "ALL" was too long
  // The fields of that name in turn, until visit(field) returns false.
  template <typename Visit>
  void for_each_named(std::string_view name, Visit&& visit) const {
    const std::uint8_t hash = hash_of(name);
    if (!names_[hash]) return;
    for (const Entry& entry : fields_)
      if (entry.hash == hash && equals_ignoring_case(text(entry.name), name) && !visit(of(entry)))
        return;
  }
  // The value of the first field of that name; empty when there is none.
  std::string_view first(std::string_view name) const noexcept;

  // Makes X-Spam-Relays-*, EnvelopeFrom and the like: what is no field of the message.
  using Made = std::function<bool(std::string_view name, std::string& value)>;
  // A hash of the name of a field; nothing for what is made of several, or of none.
  static std::optional<std::uint8_t> name_hash(const HeaderTarget& target) noexcept;
  // False when there is no field whose name has that hash.
  bool may_have(std::uint8_t hash) const noexcept { return names_[hash]; }
  bool may_have(std::string_view name) const noexcept { return may_have(hash_of(name)); }
  // What a header rule looks at, one value behind the other; false when there is none.
  bool value_of(const HeaderTarget& target, const Made& made, mime::Workspace& workspace,
                std::string& out) const;

 private:
  struct Span {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  struct Entry {
    Span name, raw, value, whole;
    std::uint8_t hash = 0;  // of the name
  };
  Field of(const Entry& entry) const noexcept {
    return {text(entry.name), text(entry.raw), text(entry.value), text(entry.whole)};
  }
  static std::uint8_t hash_of(std::string_view name) noexcept {
    std::uint32_t hash = 2166136261;
    for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(ascii_lower(c))) * 16777619;
    return static_cast<std::uint8_t>(hash ^ hash >> 8 ^ hash >> 16);
  }
  Span append(std::string_view text);
  std::string_view text(Span span) const noexcept {
    return std::string_view(bytes_).substr(span.begin, span.size);
  }
  enum class Form : std::uint8_t { value, raw, folded };
  // Each value of what the target names is put into `value` in turn.
  template <typename Visit>
  void for_each_value(const HeaderTarget& target, const Made& made, std::string& value,
                      Visit&& visit) const;
  template <typename Visit>
  void for_each_of_all(bool raw, std::string& value, Visit&& visit) const;
  template <typename Visit>
  void for_each_field(std::string_view name, Form form, std::string& value, Visit&& visit) const;

  std::size_t bytes_max_;
  std::string bytes_;
  std::string raw_;  // of the field being told, kept apart so that pieces join
  std::string value_;
  std::size_t read_ = 0;  // of raw_: what rules read
  std::vector<Entry> fields_;
  std::bitset<256> names_;  // one of their hashes each
  std::size_t all_bytes_ = 0;
  std::size_t in_all_ = 0;  // fields
  bool cut_ = false;
};

}  // namespace sluice::scan::sa
