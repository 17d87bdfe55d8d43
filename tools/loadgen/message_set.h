// The messages to send, ready for the wire before the first connection is made.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

namespace sluice::load {

struct Message {
  std::string name;    // file name below the corpus folder, or "synthetic-N"
  std::string octets;  // header and body; lines end in CRLF unless `verbatim`
  bool eight_bit = false;
  // Sent as the file is, bare CR and LF included (see disguise()): for smuggling attempts.
  bool verbatim = false;
};

// Reads every regular file of each path, in name order. Lines are made to end in CRLF and a leading
// mbox "From " line is dropped, except in a file named *.raw, which is sent verbatim.
std::expected<std::vector<Message>, std::string> load_corpus(std::span<const std::string> paths);

// One file's octets as a message; what load_corpus does with each file.
Message make_message(std::string name, std::string_view file);

// The SMTP client never sends a bare CR or LF. A verbatim message therefore carries two stand-ins,
// which reveal() turns back when the octets leave: kBareCr and kBareLf (unused in mail: RFC 5322
// calls them obsolete control characters).
inline constexpr char kBareCr = '\x1c';
inline constexpr char kBareLf = '\x1d';
std::string disguise(std::string_view octets);
void reveal(std::string& octets);

}  // namespace sluice::load
