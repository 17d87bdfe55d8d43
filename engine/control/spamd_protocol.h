// SpamAssassin's network protocol, SPAMC/1.5 (its file spamd/PROTOCOL), so that clients written for
// its daemon can be pointed here: the requests as their octets come in, and the beginning of the
// answers. No input or output.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::control {

enum class SpamdCommand : std::uint8_t {
  ping,
  check,
  symbols,
  report,
  report_if_spam,
  process,
  headers,
  skip,
  tell,
};

// The codes of sysexits.h that answers carry.
enum class SpamdStatus : std::uint8_t {
  ok = 0,
  usage = 64,
  data_error = 65,
  unavailable = 69,
  software = 70,
  temporary = 75,
  protocol = 76,
  too_big = 98,
};

struct SpamdRequest {
  SpamdCommand command = SpamdCommand::ping;
  std::optional<std::uint64_t> content_length;  // nothing: up to the end of the stream
  std::optional<bool> spam;                     // TELL: what the message is
  bool set_local = false;                       // TELL: learn it …
  bool remove_local = false;                    // … or forget it
};

struct SpamdFault {
  SpamdStatus status = SpamdStatus::protocol;
  std::string text;
};

// Reads one request: its head, then the message. Fed in any chunking.
class SpamdReader {
 public:
  static constexpr std::size_t kHeadMax = 8'192;
  explicit SpamdReader(std::uint64_t message_max) : message_max_(message_max) {}

  enum class State : std::uint8_t { head, message, complete, failed };
  // Takes what came; what is behind a complete request is not looked at.
  State feed(std::string_view octets);
  State finish();  // the client sends nothing more

  State state() const noexcept { return state_; }
  const SpamdRequest& request() const noexcept { return request_; }
  std::string_view message() const noexcept { return message_; }
  const SpamdFault& fault() const noexcept { return fault_; }

 private:
  State fail(SpamdStatus status, std::string text);
  State read_head();
  State read_command(std::string_view line);
  State read_field(std::string_view line);
  State begin_message();
  State take_message(std::string_view octets);

  std::uint64_t message_max_;
  State state_ = State::head;
  std::string head_;
  std::string message_;
  SpamdRequest request_;
  SpamdFault fault_;
};

// "SPAMD/1.5 0 EX_OK" and fields, each a whole line; `body` with its length unless there is none.
std::string spamd_answer(SpamdStatus status, std::string_view fields, std::string_view body);
std::string spamd_refusal(const SpamdFault& fault);

}  // namespace sluice::control
