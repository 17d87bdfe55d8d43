#include "scanners/mime/uuencode.h"

#include <algorithm>
#include <cstring>

#include "scanners/mime/octet_search.h"

namespace sluice::scan::mime {
namespace {

constexpr std::string_view kBegin = "begin ";

// A line end with what may begin "begin" behind it.
constexpr OctetPattern kLineWithB({}, OctetSet::of([](unsigned octet) { return octet == '\n'; }),
                                  OctetSet::of([](unsigned octet) { return octet == 'b'; }));

unsigned symbol(char c) noexcept { return (static_cast<unsigned char>(c) - 32U) & 63U; }

bool is_octal(char c) noexcept { return c >= '0' && c <= '7'; }

}  // namespace

void UuencodeReader::begin() noexcept {
  used_ = 0;
  skip_line_ = open_ = false;
  anomalies_ = {};
}

void UuencodeReader::feed(ByteView text, UuencodeSink& sink) noexcept {
  while (!text.empty()) {
    // Outside of a file only lines that begin like "begin" are of interest.
    if (used_ == 0 && !open_ && !skip_line_) skip_line_ = text.front() != 'b';
    if (skip_line_) {
      const std::size_t end = find(kLineWithB, text);
      skip_line_ = end == text.size() && text.back() != '\n';
      if (end == text.size()) return;
      text = text.subspan(end + 1);
      continue;
    }
    const std::size_t newline = find_byte(text, '\n');
    const ByteView part = text.first(newline);
    const std::size_t size = std::min(part.size(), kLineBytes - used_);
    std::memcpy(line_.data() + used_, part.data(), size);
    used_ = static_cast<std::uint16_t>(used_ + size);
    if (newline == text.size()) return;
    text = text.subspan(newline + 1);
    end_line(sink);
  }
}

void UuencodeReader::end_line(UuencodeSink& sink) noexcept {
  std::string_view line{line_.data(), used_};
  if (line.ends_with('\r')) line.remove_suffix(1);
  open_ ? data_line(line, sink) : begin_file(line, sink);
  used_ = 0;
}

void UuencodeReader::begin_file(std::string_view line, UuencodeSink& sink) noexcept {
  if (!line.starts_with(kBegin)) return;
  line.remove_prefix(kBegin.size());
  const std::size_t mode =
      static_cast<std::size_t>(std::ranges::find_if_not(line, is_octal) - line.begin());
  if (mode < 3 || mode > 4 || line.size() < mode + 2 || line[mode] != ' ') return;
  open_ = true;
  anomalies_.add(Anomaly::uuencoded_text);
  sink.uuencoded_begin(line.substr(mode + 1));
}

// The first character is the number of octets, then four characters for each three.
void UuencodeReader::data_line(std::string_view line, UuencodeSink& sink) noexcept {
  if (line == "end" || line.empty()) {
    if (line.empty()) anomalies_.add(Anomaly::uuencode_broken);
    close(sink);
    return;
  }
  const std::size_t size = symbol(line.front());
  line.remove_prefix(1);
  if (line.size() < (size + 2) / 3 * 4) anomalies_.add(Anomaly::uuencode_broken);
  std::array<std::uint8_t, 66> octets;
  std::size_t written = 0;
  for (std::size_t at = 0; written < size && at < line.size(); at += 4) {
    const auto value = [&](std::size_t i) {
      return at + i < line.size() ? symbol(line[at + i]) : 0;
    };
    const unsigned group = value(0) << 18 | value(1) << 12 | value(2) << 6 | value(3);
    for (const unsigned shift : {16U, 8U, 0U})
      octets[written++] = static_cast<std::uint8_t>(group >> shift);
  }
  sink.uuencoded({octets.data(), std::min(written, size)});
}

void UuencodeReader::close(UuencodeSink& sink) noexcept {
  open_ = false;
  sink.uuencoded_end();
}

void UuencodeReader::finish(UuencodeSink& sink) noexcept {
  if (used_ > 0) end_line(sink);
  if (!open_) return;
  anomalies_.add(Anomaly::uuencode_broken);
  close(sink);
}

}  // namespace sluice::scan::mime
