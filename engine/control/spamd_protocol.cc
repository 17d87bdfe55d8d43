#include "engine/control/spamd_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "engine/base/bytes.h"

namespace sluice::control {
namespace {

constexpr auto kCommands = std::to_array<std::pair<std::string_view, SpamdCommand>>({
    {"PING", SpamdCommand::ping},
    {"CHECK", SpamdCommand::check},
    {"SYMBOLS", SpamdCommand::symbols},
    {"REPORT", SpamdCommand::report},
    {"REPORT_IFSPAM", SpamdCommand::report_if_spam},
    {"PROCESS", SpamdCommand::process},
    {"HEADERS", SpamdCommand::headers},
    {"SKIP", SpamdCommand::skip},
    {"TELL", SpamdCommand::tell},
});

std::string_view name_of(SpamdStatus status) noexcept {
  switch (status) {
    case SpamdStatus::ok: return "EX_OK";
    case SpamdStatus::usage: return "EX_USAGE";
    case SpamdStatus::data_error: return "EX_DATAERR";
    case SpamdStatus::unavailable: return "EX_UNAVAILABLE";
    case SpamdStatus::software: return "EX_SOFTWARE";
    case SpamdStatus::temporary: return "EX_TEMPFAIL";
    case SpamdStatus::protocol: return "EX_PROTOCOL";
    case SpamdStatus::too_big: return "EX_TOOBIG";
  }
  return "EX_SOFTWARE";
}

std::string_view trim(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// What a client sent, fit for an answer of one line.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, 60));
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

bool is_version(std::string_view text) noexcept {
  return text.size() == 9 && text.starts_with("SPAMC/1.") && text[8] >= '0' && text[8] <= '9';
}

}  // namespace

SpamdReader::State SpamdReader::fail(SpamdStatus status, std::string text) {
  fault_ = {status, std::move(text)};
  message_.clear();
  return state_ = State::failed;
}

SpamdReader::State SpamdReader::feed(std::string_view octets) {
  if (state_ == State::message) return take_message(octets);
  if (state_ != State::head) return state_;
  const std::size_t before = head_.size() < 3 ? 0 : head_.size() - 3;
  head_ += octets;
  const std::size_t crlf = head_.find("\r\n\r\n", before);
  const std::size_t lf = head_.find("\n\n", before);
  const std::size_t end = crlf < lf ? crlf + 4 : lf == head_.npos ? lf : lf + 2;
  if (end == head_.npos && head_.size() > kHeadMax)
    return fail(SpamdStatus::protocol, fmt::format("the head is above {} octets", kHeadMax));
  if (end == head_.npos) return state_;
  if (end > kHeadMax)
    return fail(SpamdStatus::protocol, fmt::format("the head is above {} octets", kHeadMax));
  const std::string rest = head_.substr(end);
  head_.resize(end);
  if (read_head() == State::failed) return state_;
  return state_ == State::message ? take_message(rest) : state_;
}

SpamdReader::State SpamdReader::read_head() {
  std::string_view rest = head_;
  bool first = true;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    if ((first ? read_command(line) : read_field(line)) == State::failed) return state_;
    first = false;
  }
  if (first) return fail(SpamdStatus::protocol, "there is no command");
  return begin_message();
}

// "CHECK SPAMC/1.5"
SpamdReader::State SpamdReader::read_command(std::string_view line) {
  const std::string_view name = line.substr(0, line.find(' '));
  const auto* const found =
      std::ranges::find(kCommands, name, &decltype(kCommands)::value_type::first);
  if (found == kCommands.end() || !is_version(trim(line.substr(name.size()))))
    return fail(SpamdStatus::protocol, fmt::format("Bad header line: {}", shown(line)));
  request_.command = found->second;
  return state_;
}

// User and fields that are not known say nothing to us.
SpamdReader::State SpamdReader::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos)
    return fail(SpamdStatus::protocol, fmt::format("Bad header line: {}", shown(line)));
  const std::string_view name = trim(line.substr(0, colon));
  const std::string_view value = trim(line.substr(colon + 1));
  if (equals_ignoring_case(name, "content-length")) {
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (error != std::errc() || end != value.data() + value.size())
      return fail(SpamdStatus::protocol, fmt::format("Content-length: {}", shown(value)));
    request_.content_length = length;
  } else if (equals_ignoring_case(name, "compress")) {
    return fail(SpamdStatus::usage, "Compress is not supported");
  } else if (equals_ignoring_case(name, "message-class")) {
    if (!equals_ignoring_case(value, "spam") && !equals_ignoring_case(value, "ham"))
      return fail(SpamdStatus::protocol, fmt::format("Message-class: {}", shown(value)));
    request_.spam = equals_ignoring_case(value, "spam");
  } else if (equals_ignoring_case(name, "set")) {
    request_.set_local = request_.set_local || value.find("local") != value.npos;
  } else if (equals_ignoring_case(name, "remove")) {
    request_.remove_local = request_.remove_local || value.find("local") != value.npos;
  }
  return state_;
}

SpamdReader::State SpamdReader::begin_message() {
  const bool bare =
      request_.command == SpamdCommand::ping || request_.command == SpamdCommand::skip;
  if (bare) return state_ = State::complete;
  if (request_.content_length.value_or(0) > message_max_)
    return fail(SpamdStatus::too_big, fmt::format("messages are at most {} octets", message_max_));
  return state_ = request_.content_length == 0 ? State::complete : State::message;
}

SpamdReader::State SpamdReader::take_message(std::string_view octets) {
  if (request_.content_length)
    octets = octets.substr(0, *request_.content_length - message_.size());
  if (message_.size() + octets.size() > message_max_)
    return fail(SpamdStatus::too_big, fmt::format("messages are at most {} octets", message_max_));
  message_ += octets;
  if (request_.content_length && message_.size() == *request_.content_length)
    state_ = State::complete;
  return state_;
}

SpamdReader::State SpamdReader::finish() {
  if (state_ == State::message && !request_.content_length) return state_ = State::complete;
  if (state_ == State::message)
    return fail(SpamdStatus::data_error, fmt::format("Content-length is {}, {} octets came",
                                                     *request_.content_length, message_.size()));
  if (state_ == State::head) return fail(SpamdStatus::protocol, "the request is not complete");
  return state_;
}

std::string spamd_answer(SpamdStatus status, std::string_view fields, std::string_view body) {
  std::string answer =
      fmt::format("SPAMD/1.5 {} {}\r\n", static_cast<int>(status), name_of(status));
  if (!body.empty()) answer += fmt::format("Content-length: {}\r\n", body.size());
  return answer.append(fields).append("\r\n").append(body);
}

std::string spamd_refusal(const SpamdFault& fault) {
  return fmt::format("SPAMD/1.5 {} {}\r\n", static_cast<int>(fault.status), fault.text);
}

}  // namespace sluice::control
