#include "scanners/mime/body_text.h"

#include <algorithm>
#include <cstring>

#include "scanners/mime/white_space.h"

namespace sluice::scan::mime {

void TextLimit::begin(std::uint64_t limit, std::string_view cuts) noexcept {
  limit_ = left_ = limit;
  cuts_ = cuts;
  over_ = false;
  used_ = 0;
}

void TextLimit::keep(ByteView in) noexcept {
  const std::size_t size = std::min(in.size(), tail_.size() - used_);
  std::memcpy(tail_.data() + used_, in.data(), size);
  used_ += size;
}

ByteView TextLimit::cut() noexcept {
  over_ = true;
  const ByteView tail{tail_.data(), used_};
  for (const char where : cuts_) {
    const std::size_t at = find_byte(tail, static_cast<std::uint8_t>(where));
    if (at < tail.size()) return tail.first(at + 1);
  }
  return {};
}

void RawbodyText::begin() noexcept {
  line_ends_.begin();
  told_ = false;
  used_ = 0;
}

void RawbodyText::feed(ByteView octets, MessageSink& sink) noexcept {
  line_ends_.feed(octets, [&](ByteView piece) { add(piece, sink); });
}

void RawbodyText::add(ByteView octets, MessageSink& sink) noexcept {
  while (!octets.empty()) {
    const std::size_t size = std::min(octets.size(), buffer_.size() - used_);
    std::memcpy(buffer_.data() + used_, octets.data(), size);
    used_ += size;
    octets = octets.subspan(size);
    if (used_ < buffer_.size()) return;
    const std::size_t element = element_size();
    sink.rawbody({buffer_.data(), element});
    told_ = true;
    std::memmove(buffer_.data(), buffer_.data() + element, used_ - element);
    used_ -= element;
  }
}

// Behind a line end, else a ">", else a space, in the second half of the buffer.
std::size_t RawbodyText::element_size() const noexcept {
  const std::string_view all{buffer_.data(), kRawbodyElementBytes};
  for (const char where : {'\n', '>', ' '})
    if (const std::size_t at = all.find(where, kBodyElementBytes); at != all.npos) return at + 1;
  return kBodyElementBytes + 1;
}

void RawbodyText::finish(MessageSink& sink) noexcept {
  line_ends_.finish([&](ByteView piece) { add(piece, sink); });
  if (used_ > 0 || !told_) sink.rawbody({buffer_.data(), used_});
  used_ = 0;
}

void BodyText::begin() noexcept {
  any_ = cr_ = before_ = behind_ = false;
  newlines_ = 0;
  used_ = 0;
}

void BodyText::subject(std::string_view utf8, MessageSink& sink) noexcept {
  put(utf8, sink);
  put("\n", sink);
}

void BodyText::part() noexcept {
  if (any_) space(as_bytes("\n"));
}

void BodyText::feed(ByteView utf8, MessageSink& sink) noexcept {
  any_ = any_ || !utf8.empty();
  while (!utf8.empty()) {
    const std::size_t blank = white_space_size(utf8);
    if (blank == 0) end_spaces(sink);
    if (!spaces_come()) {
      const std::size_t words = put_words(utf8);
      utf8 = utf8.subspan(words);
      if (words > 0) continue;
    }
    const bool held = blank > 0 && (spaces_come() || utf8.front() != ' ');
    const std::size_t run = held ? 0 : plain_run(utf8);
    if (run > 0)
      put(as_text(utf8.first(run)), sink);
    else
      space(utf8.first(blank));
    utf8 = utf8.subspan(run > 0 ? run : blank);
  }
}

// Words that surely fit into the line; returns what was taken.
std::size_t BodyText::put_words(ByteView utf8) noexcept {
  const ByteView fits = utf8.first(std::min(utf8.size(), kLineBytes - used_));
  const Squeezed done = squeeze(fits, reinterpret_cast<std::uint8_t*>(line_.data() + used_));
  used_ += done.written;  // less than the line has room for, as the end of `fits` is left
  return done.read;
}

void BodyText::space(ByteView character) noexcept {
  if (character.front() == '\n') {  // a CR before it belongs to it
    cr_ = behind_ = false;
    ++newlines_;
    return;
  }
  bool& seen = newlines_ > 0 ? behind_ : before_;
  seen = seen || cr_;
  cr_ = character.front() == '\r';
  seen = seen || !cr_;
}

void BodyText::end_spaces(MessageSink& sink) noexcept {
  if (cr_) (newlines_ > 0 ? behind_ : before_) = true;
  if (newlines_ >= 2) {
    if (before_) put(" ", sink);
    put("\n", sink);
    if (behind_) put(" ", sink);
  } else if (newlines_ == 1 || before_) {
    put(" ", sink);
  }
  cr_ = before_ = behind_ = false;
  newlines_ = 0;
}

void BodyText::put(std::string_view text, MessageSink& sink) noexcept {
  while (!text.empty()) {
    const std::size_t size = std::min(text.size(), kLineBytes - used_);
    std::memcpy(line_.data() + used_, text.data(), size);
    used_ += size;
    const bool line_end = text[size - 1] == '\n';
    text.remove_prefix(size);
    if (line_end && used_ <= kBodyElementBytes) {
      sink.body(view_, {line_.data(), used_});
      used_ = 0;
    } else if (used_ == kLineBytes) {
      end_line(sink);
    }
  }
}

// The line is too long: its beginning is an element.
void BodyText::end_line(MessageSink& sink) noexcept {
  const std::string_view line{line_.data(), used_};
  const std::size_t space = line.rfind(' ');
  const std::size_t size = space == line.npos ? kBodyElementBytes : space + 1;
  sink.body(view_, line.substr(0, size));
  const bool ended = line.back() == '\n' && size < used_;
  std::memmove(line_.data(), line_.data() + size, used_ - size);
  used_ -= size;
  if (!ended) return;
  sink.body(view_, {line_.data(), used_});
  used_ = 0;
}

void BodyText::finish(MessageSink& sink) noexcept {
  end_spaces(sink);
  if (used_ > 0) sink.body(view_, {line_.data(), used_});
  used_ = 0;
}

}  // namespace sluice::scan::mime
