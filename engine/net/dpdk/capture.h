// Capture of a port to a pcapng file. The workers copy frames into rings of their own; a thread of
// the capture writes them out. A full ring loses the frame from the file, never from the data path;
// the file's interface statistics say how many were lost.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/spsc_ring.h"

namespace sluice::net {

class Capture {
 public:
  enum class Direction : std::uint32_t { inbound = 1, outbound = 2 };  // epb_flags, bits 0-1

  static std::expected<std::unique_ptr<Capture>, std::string> open(const std::string& path,
                                                                   const std::string& interface,
                                                                   unsigned workers);
  ~Capture();  // writes what the rings still hold; the workers have stopped
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // On the worker's thread. stage() copies the frame, publish() makes it part of the capture; a
  // staged frame that is not published is forgotten.
  bool stage(unsigned worker, Direction direction, ByteView frame) noexcept;
  void publish(unsigned worker) noexcept { rings_[worker]->publish(); }

  std::uint64_t dropped() const noexcept;

 private:
  Capture(std::FILE* file, unsigned workers);
  void run();
  void drain();
  void write_file_header(const std::string& interface);
  void write_statistics();

  std::FILE* file_;
  std::vector<std::unique_ptr<SpscByteRing>> rings_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread writer_;
};

}  // namespace sluice::net
