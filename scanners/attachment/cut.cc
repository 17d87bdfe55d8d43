#include "scanners/attachment/cut.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scan::attachment {
namespace {

constexpr std::size_t kLineMax = 76;  // RFC 2045 6.7

// A line of quoted-printable.
std::string quoted(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  for (const char c : text) {
    const bool plain = c >= ' ' && c < 0x7f && c != '=';
    const std::string octet =
        plain ? std::string(1, c) : fmt::format("={:02X}", static_cast<unsigned char>(c));
    if (column + octet.size() >= kLineMax) {
      out += "=\r\n";
      column = 0;
    }
    out += octet;
    column += octet.size();
  }
  return out;
}

}  // namespace

void Cuts::add(const mime::Part& part, std::uint64_t origin, std::size_t rule) noexcept {
  if (part.section_at == mime::kNowhere || part.section_at < origin) {
    impossible_ = true;
    return;
  }
  Cut cut{.begin = part.section_at - origin,
          .end = part.end_at - origin,
          .octets = part.octets,
          .rule = static_cast<std::uint16_t>(rule),
          .type = {},
          .file_name = {}};
  cut.type.assign(part.type);
  cut.file_name.assign(part.file_name);
  insert(cut);
}

void Cuts::add(const Cuts& others) noexcept {
  impossible_ = impossible_ || others.impossible_;
  for (const Cut& cut : others.view()) insert(cut);
}

void Cuts::insert(const Cut& cut) noexcept {
  const auto end = cuts_.begin() + size_;
  const auto next =
      std::find_if(cuts_.begin(), end, [&](const Cut& other) { return other.end > cut.begin; });
  if (next != end && next->begin == cut.begin && next->end == cut.end) return;
  if (size_ == kCutsMax || (next != end && next->begin < cut.end)) {
    impossible_ = true;
    return;
  }
  std::move_backward(next, end, end + 1);
  *next = cut;
  ++size_;
}

std::string note_of(const Cut& cut, std::string_view rule) {
  const std::string_view name = cut.file_name.view();
  return fmt::format(
      "Content-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
      "An attachment was taken out of this message.\r\n\r\n"
      "{}\r\n{}\r\n{}\r\n{}",
      quoted(fmt::format("Name: {}", name.empty() ? "(none)" : name)),
      quoted(fmt::format("Type: {}", cut.type.view())),
      quoted(fmt::format("Size: {} octets", cut.octets)), quoted(fmt::format("Rule: {}", rule)));
}

}  // namespace sluice::scan::attachment
