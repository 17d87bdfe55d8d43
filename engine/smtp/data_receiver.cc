#include "engine/smtp/data_receiver.h"

#include <algorithm>
#include <cstring>

#include "engine/base/contract.h"
#include "engine/smtp/text_run.h"

namespace sluice::smtp {

void DataReceiver::start(BareNewlineMode mode) noexcept {
  *this = DataReceiver();
  mode_ = mode;
}

void DataReceiver::discard() noexcept {
  discarding_ = true;
  held_count_ = 0;
}

DataReceiver::Step DataReceiver::receive(ByteView input, MutableBytes out) noexcept {
  Step step;
  while (!step.end && flush_held(out, step) && step.consumed < input.size()) {
    if (state_ == State::line_start || state_ == State::text) copy_run(input, out, step);
    if (step.consumed < input.size()) take_octet(input[step.consumed], step);
  }
  return step;
}

void DataReceiver::copy_run(ByteView input, MutableBytes out, Step& step) noexcept {
  ByteView text = input.subspan(step.consumed);
  if (!discarding_) text = text.first(std::min(text.size(), out.size() - step.produced));
  const std::size_t run = plain_run(text, state_ == State::line_start);
  if (run == 0) return;
  if (!discarding_) {
    std::memcpy(out.data() + step.produced, text.data(), run);
    step.produced += run;
  }
  step.consumed += run;
  state_ = text[run - 1] == '\n' ? State::line_start : State::text;
}

// An octet that is not consumed is looked at again in the new state.
void DataReceiver::take_octet(std::uint8_t octet, Step& step) noexcept {
  switch (state_) {
    case State::line_start:
    case State::text: take_text_octet(octet); break;
    case State::cr:
      if (octet != '\n') return bare_newline();
      hold('\r');
      hold('\n');
      state_ = State::line_start;
      break;
    case State::dot:  // RFC 5321 4.5.2: the dot goes unless it ends the message
      if (octet != '\r') {
        state_ = State::text;
        return;
      }
      state_ = State::dot_cr;
      break;
    case State::dot_cr:
      if (octet != '\n') return bare_newline();
      step.end = true;
      break;
  }
  ++step.consumed;
}

void DataReceiver::take_text_octet(std::uint8_t octet) noexcept {
  if (octet == '\r') {
    state_ = State::cr;
  } else if (octet == '\n') {
    bare_newline();
  } else if (octet == '.' && state_ == State::line_start) {
    state_ = State::dot;
  } else {
    if (octet == '\0') report(Fault::nul);
    hold(octet);
    state_ = State::text;
  }
}

void DataReceiver::bare_newline() noexcept {
  if (mode_ == BareNewlineMode::reject) report(Fault::bare_newline);
  hold('\r');
  hold('\n');
  state_ = State::text;
}

void DataReceiver::report(Fault fault) noexcept {
  if (fault_ == Fault::none) fault_ = fault;
  discard();
}

void DataReceiver::hold(std::uint8_t octet) noexcept {
  if (discarding_) return;
  SLUICE_ASSERT(held_count_ < held_.size());
  held_[held_count_++] = octet;
}

bool DataReceiver::flush_held(MutableBytes out, Step& step) noexcept {
  if (held_count_ == 0) return true;
  const std::size_t count = std::min<std::size_t>(held_count_, out.size() - step.produced);
  std::copy_n(held_.begin(), count, out.begin() + static_cast<std::ptrdiff_t>(step.produced));
  step.produced += count;
  std::copy(held_.begin() + count, held_.begin() + held_count_, held_.begin());
  held_count_ = static_cast<std::uint8_t>(held_count_ - count);
  return held_count_ == 0;
}

}  // namespace sluice::smtp
