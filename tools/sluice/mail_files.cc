#include "tools/sluice/mail_files.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace sluice::tools {
namespace {

namespace fs = std::filesystem;

bool is_from_line(std::string_view line) noexcept { return line.starts_with("From "); }

bool is_quoted_from(std::string_view line) noexcept {
  const std::size_t marks = line.find_first_not_of('>');
  return marks != line.npos && marks > 0 && is_from_line(line.substr(marks));
}

// Lines of any length up to the limit of a message; what is longer is cut.
Visited visit_mbox(std::istream& in, const MailFile& file, const VisitMessage& visit) {
  std::string message;
  std::string line;
  std::uint64_t count = 0;
  const auto tell = [&] {
    return count == 0 || visit(file.path + ":" + std::to_string(count), message);
  };
  while (std::getline(in, line)) {
    if (is_from_line(line)) {
      if (!tell()) return Visited::stopped;
      message.clear();
      ++count;
      continue;
    }
    const std::size_t from = is_quoted_from(line) ? 1 : 0;
    if (message.size() + line.size() < kMessageBytesMax) message.append(line, from).append("\n");
  }
  if (in.bad()) return Visited::unreadable;
  return tell() ? Visited::all : Visited::stopped;
}

}  // namespace

std::vector<MailFile> mail_files(const std::vector<std::string>& paths) {
  std::vector<MailFile> files;
  const auto add = [&](const fs::path& path) {
    std::error_code fault;
    const auto octets = fs::file_size(path, fault);
    files.push_back({path.string(), fault ? 0 : octets});
  };
  for (const std::string& path : paths) {
    std::error_code fault;
    if (!fs::is_directory(path, fault)) {
      add(path);
      continue;
    }
    const auto before = static_cast<std::ptrdiff_t>(files.size());
    for (auto entry = fs::recursive_directory_iterator(path, fault);
         entry != fs::recursive_directory_iterator(); entry.increment(fault)) {
      if (entry->is_directory(fault) && entry->path().filename() == "tmp")
        entry.disable_recursion_pending();
      if (entry->is_regular_file(fault)) add(entry->path());
    }
    std::ranges::sort(files.begin() + before, files.end(), {}, &MailFile::path);
  }
  return files;
}

Visited for_each_message(const MailFile& file, const VisitMessage& visit) {
  std::ifstream in(file.path, std::ios::binary);
  char start[5]{};
  if (!in) return Visited::unreadable;
  in.read(start, sizeof start);
  const bool mbox = is_from_line({start, static_cast<std::size_t>(in.gcount())});
  in.clear();
  in.seekg(0);
  if (!in) return Visited::unreadable;
  if (mbox) return visit_mbox(in, file, visit);
  const std::string message{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) return Visited::unreadable;
  return visit(file.path, message) ? Visited::all : Visited::stopped;
}

Progress::Progress(const std::vector<MailFile>& files) : terminal_(::isatty(STDERR_FILENO) != 0) {
  for (const MailFile& file : files) all_ += file.octets;
}

Progress::~Progress() {
  if (terminal_ && shown_ >= 0) std::fputs("\r\x1b[K", stderr);
}

void Progress::at(const MailFile& file, std::uint64_t messages) {
  done_ += file.octets;
  const int per_cent = all_ == 0 ? 100 : static_cast<int>(100 * done_ / all_);
  if (!terminal_ || per_cent == shown_) return;
  shown_ = per_cent;
  show(messages);
}

void Progress::show(std::uint64_t messages) {
  constexpr int kWidth = 40;
  const int filled = shown_ * kWidth / 100;
  std::string bar(static_cast<std::size_t>(filled), '=');
  bar.resize(kWidth, ' ');
  std::fprintf(stderr, "\r[%s] %3d %%  %llu messages", bar.c_str(), shown_,
               static_cast<unsigned long long>(messages));
}

}  // namespace sluice::tools
