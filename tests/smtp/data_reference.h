// What DATA means, told once more and slowly: the reference that the fast receiver is held against.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/smtp/data_receiver.h"

namespace sluice::smtp {

struct ReferenceResult {
  std::optional<std::size_t> end;  // octets up to and with <CRLF>.<CRLF>; nullopt = not there
  DataReceiver::Fault fault = DataReceiver::Fault::none;
  std::string message;
};

// Every CR and LF that is not part of a CRLF becomes CRLF; sets `found` when there was one.
inline std::string normalised(std::string_view text, bool& found) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool crlf = text.substr(i, 2) == "\r\n";
    const bool newline = text[i] == '\r' || text[i] == '\n';
    if (newline && !crlf) found = true;
    out += newline ? std::string("\r\n") : std::string(1, text[i]);
    if (crlf) ++i;
  }
  return out;
}

// The whole octets behind the DATA command.
inline ReferenceResult receive_by_the_book(std::string_view data, BareNewlineMode mode) {
  const std::string framed = "\r\n" + std::string(data);
  const std::size_t at = framed.find("\r\n.\r\n");
  ReferenceResult result;
  if (at == std::string::npos) return result;
  result.end = at + 3;
  std::string_view lines = std::string_view(framed).substr(2, at);
  while (!lines.empty()) {
    const std::size_t length = lines.find("\r\n") + 2;
    std::string_view line = lines.substr(0, length);
    lines.remove_prefix(length);
    if (line.starts_with('.')) line.remove_prefix(1);
    const std::size_t nul = line.find('\0');
    bool bare = false, bare_before_nul = false;
    normalised(line.substr(0, nul == std::string_view::npos ? line.size() : nul), bare_before_nul);
    result.message += normalised(line, bare);
    if (result.fault != DataReceiver::Fault::none) continue;
    const bool bare_counts = mode == BareNewlineMode::reject;
    if (bare_counts && (bare_before_nul || (bare && nul == std::string_view::npos)))
      result.fault = DataReceiver::Fault::bare_newline;
    else if (nul != std::string_view::npos)
      result.fault = DataReceiver::Fault::nul;
  }
  return result;
}

}  // namespace sluice::smtp
