// Files in text between "begin 644 name" and "end" (POSIX uuencode), incremental. Lenient: spaces
// for grave accents, short lines, a missing end.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"
#include "scanners/mime/anomaly.h"

namespace sluice::scan::mime {

class UuencodeSink {
 public:
  virtual void uuencoded_begin(std::string_view file_name) noexcept = 0;
  virtual void uuencoded(ByteView decoded) noexcept = 0;
  virtual void uuencoded_end() noexcept = 0;

 protected:
  ~UuencodeSink() = default;
};

class UuencodeReader {
 public:
  void begin() noexcept;
  void feed(ByteView text, UuencodeSink& sink) noexcept;
  void finish(UuencodeSink& sink) noexcept;
  Anomalies anomalies() const noexcept { return anomalies_; }

 private:
  static constexpr std::size_t kLineBytes = 160;  // "begin", mode, and what is kept of the name

  void end_line(UuencodeSink& sink) noexcept;
  void begin_file(std::string_view line, UuencodeSink& sink) noexcept;
  void data_line(std::string_view line, UuencodeSink& sink) noexcept;
  void close(UuencodeSink& sink) noexcept;

  std::array<char, kLineBytes> line_;
  std::uint16_t used_ = 0;
  bool skip_line_ = false;  // it cannot matter
  bool open_ = false;
  Anomalies anomalies_;
};

}  // namespace sluice::scan::mime
