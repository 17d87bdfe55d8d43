#include "engine/smtp/body_writer.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "engine/base/contract.h"
#include "engine/smtp/text_run.h"

namespace sluice::smtp {

BodyWriter::Step BodyWriter::write(ByteView body, MutableBytes out) noexcept {
  Step step;
  while (step.consumed < body.size()) {
    if (state_ != State::cr) copy_run(body, out, step);
    if (step.consumed == body.size() || out.size() - step.produced < kStepBytesMax) break;
    write_octet(body[step.consumed], out, step);
  }
  return step;
}

void BodyWriter::copy_run(ByteView body, MutableBytes out, Step& step) noexcept {
  const std::size_t room = out.size() - step.produced;
  const ByteView text = body.subspan(step.consumed);
  const std::size_t run =
      plain_run(text.first(std::min(text.size(), room)), state_ == State::line_start);
  if (run == 0) return;
  std::memcpy(out.data() + step.produced, text.data(), run);
  step.consumed += run;
  step.produced += run;
  state_ = text[run - 1] == '\n' ? State::line_start : State::text;
}

void BodyWriter::write_octet(std::uint8_t octet, MutableBytes out, Step& step) noexcept {
  if (octet == '\r' && state_ != State::cr) {  // its LF may come with the next octets
    state_ = State::cr;
    ++step.consumed;
    return;
  }
  if (octet == '\n' || state_ == State::cr) {
    out[step.produced++] = '\r';
    out[step.produced++] = '\n';
    state_ = State::line_start;
    if (octet == '\n') ++step.consumed;
    return;
  }
  if (octet == '.' && state_ == State::line_start && form_ == Form::data)
    out[step.produced++] = '.';
  out[step.produced++] = octet;
  state_ = State::text;
  ++step.consumed;
}

std::size_t BodyWriter::finish(MutableBytes out) noexcept {
  constexpr std::string_view kEnd = "\r\n.\r\n";
  SLUICE_ASSERT(out.size() >= kEndBytesMax);
  std::string_view end = state_ == State::line_start ? kEnd.substr(2) : kEnd;
  if (form_ == Form::chunk) end = end.substr(0, end.size() - 3);  // without the dot
  std::memcpy(out.data(), end.data(), end.size());
  state_ = State::line_start;
  return end.size();
}

}  // namespace sluice::smtp
