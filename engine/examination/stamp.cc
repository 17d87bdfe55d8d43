#include "engine/examination/stamp.h"

#include <fmt/format.h>

namespace sluice::examination {
namespace {

constexpr std::size_t kTextBytesMax = 120;  // of a name that somebody else has chosen

// A quoted-string's inside, of printable ASCII.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kTextBytesMax))
    out += c >= ' ' && c < 0x7f && c != '"' && c != '\\' ? c : '_';
  return out;
}

std::string_view state(antivirus::Outcome outcome) {
  switch (outcome) {
    case antivirus::Outcome::clean: return "clean";
    case antivirus::Outcome::infected: return "infected";
    case antivirus::Outcome::too_large:
    case antivirus::Outcome::failed: break;
  }
  return "not scanned";
}

}  // namespace

std::size_t write_stamp(const Result& result, std::span<char> out) {
  if (!result.scanned || out.size() < kStampBytesMax) return 0;
  std::string text = fmt::format("X-Sluice-Antivirus: {}", state(result.virus));
  if (!result.text.empty())
    text += fmt::format(";\r\n\t{}=\"{}\"",
                        result.virus == antivirus::Outcome::infected ? "virus" : "reason",
                        plain(result.text));
  if (!result.engine.empty()) text += fmt::format(";\r\n\tengine=\"{}\"", plain(result.engine));
  text += "\r\n";
  return text.copy(out.data(), out.size());
}

}  // namespace sluice::examination
