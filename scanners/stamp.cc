#include "scanners/stamp.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "engine/base/bytes.h"

namespace sluice::scan {
namespace {

constexpr std::size_t kLineBytesMax = 77;
constexpr std::string_view kFold = "\r\n\t";
constexpr std::size_t kAntispamReportBytesMin = 256;
constexpr std::size_t kTailBytes = 24;  // fold, "and 65535 more", CRLF

// One "NAME(1.2)"; a long name is cut so that it always fits a line.
class Item {
 public:
  Item(std::string_view name, double score) noexcept {
    for (const char c : name.substr(0, kNameBytes)) {
      const char lower = ascii_lower(c);
      const bool plain = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                         c == '.' || c == '_';
      text_[size_++] = plain ? c : '_';
    }
    text_[size_++] = '(';
    size_ = static_cast<std::size_t>(
        std::to_chars(text_ + size_, text_ + sizeof text_ - 1, score, std::chars_format::fixed, 1)
            .ptr -
        text_);
    text_[size_++] = ')';
  }
  std::string_view view() const noexcept { return {text_, size_}; }

 private:
  static constexpr std::size_t kNameBytes = 48;
  char text_[kNameBytes + 24];
  std::size_t size_ = 0;
};

class Writer {
 public:
  explicit Writer(std::span<char> out) noexcept : out_(out) {}

  void put(std::string_view text) noexcept {
    if (text.empty()) return;  // it may have no octets to point to
    const std::size_t taken = std::min(text.size(), out_.size() - used_);
    std::memcpy(out_.data() + used_, text.data(), taken);
    used_ += taken;
    column_ += taken;
  }
  void number(double value) noexcept {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 1);
    put({text, static_cast<std::size_t>(end.ptr - text)});
  }
  void number(unsigned value) noexcept {
    char text[12];
    const auto end = std::to_chars(text, text + sizeof text, value);
    put({text, static_cast<std::size_t>(end.ptr - text)});
  }
  void end_line() noexcept {
    put("\r\n");
    column_ = 0;
  }
  // Begins a continuation line when `size` octets do not fit this one.
  void fold_for(std::size_t size) noexcept {
    if (column_ + size <= kLineBytesMax) return;
    put(kFold);
    column_ = 1;
  }
  bool has_room(std::size_t size) const noexcept { return out_.size() - used_ >= size; }
  std::size_t used() const noexcept { return used_; }

 private:
  std::span<char> out_;
  std::size_t used_ = 0;
  std::size_t column_ = 0;
};

}  // namespace

std::size_t write_stamps(const Verdict& verdict, const RuleSet& rules, bool flagged,
                         std::span<char> out) noexcept {
  if (out.size() < kStampBytesMin) return 0;
  Writer writer(out);
  if (flagged) {
    writer.put("X-Spam-Flag: YES");
    writer.end_line();
  }
  writer.put(verdict.scl < 0 ? "X-Sluice-SCL: -" : "X-Sluice-SCL: ");
  writer.number(static_cast<unsigned>(std::abs(verdict.scl)));
  writer.end_line();
  writer.put("X-Sluice-Report: score=");
  writer.number(verdict.score);
  writer.put(" rules=");
  if (verdict.hit_total == 0) writer.put("none");
  std::uint16_t written = 0;
  for (; written < verdict.hit_count; ++written) {
    const std::uint16_t rule = verdict.hits[written];
    const Item item(rules.name(rule), rules.score(rule));
    const std::size_t size = item.view().size() + 1;  // with the comma before or behind it
    if (!writer.has_room(size + kFold.size() + kTailBytes)) break;
    if (written > 0) writer.put(",");
    writer.fold_for(size);
    writer.put(item.view());
  }
  if (written < verdict.hit_total) {
    writer.fold_for(kTailBytes);
    writer.put(" and ");
    writer.number(static_cast<unsigned>(verdict.hit_total - written));
    writer.put(" more");
  }
  writer.end_line();
  return writer.used();
}

std::size_t write_antispam_report(const Verdict& verdict, std::string_view source,
                                  std::span<char> out) noexcept {
  if (out.size() < kAntispamReportBytesMin) return 0;
  Writer writer(out);
  writer.put(verdict.scl < 0 ? "X-Sluice-Antispam-Report: SCL:-"
                             : "X-Sluice-Antispam-Report: SCL:");
  writer.number(static_cast<unsigned>(std::abs(verdict.scl)));
  const auto put = [&](bool applies, std::string_view name, std::string_view value = {}) {
    if (!applies) return;
    writer.put(";");
    writer.fold_for(name.size() + value.size() + 1);
    writer.put(name);
    writer.put(value);
  };
  put(verdict.allowed || verdict.blocked, "CW:CustomList");
  put(verdict.malformed, "MIME:MimeCompliance");
  put(verdict.allowed, "MessageSecurityAntispamBypass");
  put(!source.empty(), "OrigIP:", source);
  writer.end_line();
  return writer.used();
}

}  // namespace sluice::scan
