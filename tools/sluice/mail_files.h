// The messages in files, mbox files and folders (a Maildir is one).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tools {

inline constexpr std::size_t kMessageBytesMax = 256UL * 1024 * 1024;  // of a message of an mbox

struct MailFile {
  std::string path;
  std::uint64_t octets = 0;
};

// Files, and all files below folders but those in "tmp" (a Maildir's), in the order of their names.
std::vector<MailFile> mail_files(const std::vector<std::string>& paths);

// A message and its name: the file's, with ":3" behind it for the third of an mbox. False: no more
// are wanted.
using VisitMessage = std::function<bool(const std::string& name, std::string_view message)>;
enum class Visited : std::uint8_t { all, stopped, unreadable };
// A file that begins with "From " is an mbox: messages are parted by such lines, and ">From " in
// them loses its mark (RFC 4155, "mboxrd").
Visited for_each_message(const MailFile& file, const VisitMessage& visit);

// How far a long command is, on stderr, when that is a terminal; quiet otherwise.
class Progress {
 public:
  explicit Progress(const std::vector<MailFile>& files);
  ~Progress();
  void at(const MailFile& file, std::uint64_t messages);

 private:
  void show(std::uint64_t messages);

  std::uint64_t all_ = 0;
  std::uint64_t done_ = 0;
  int shown_ = -1;  // per cent
  bool terminal_;
};

}  // namespace sluice::tools
