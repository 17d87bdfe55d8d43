// What a message costs, stage by stage.
#pragma once

#include <chrono>

#include "scanners/mime/message_reader.h"
#include "scanners/spamassassin/rule_scan.h"

namespace sluice::tools {

class Stopwatch {
 public:
  // Since it was made, or since the last call.
  double lap_us() {
    const auto now = std::chrono::steady_clock::now();
    const auto begun = std::exchange(begun_, now);
    return std::chrono::duration<double, std::micro>(now - begun).count();
  }

 private:
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

// The reading of messages alone: MIME, texts and links, and nobody who looks at them.
class Reading final : private scan::mime::MessageSink {
 public:
  void read(ByteView message) {
    reader_.begin();
    reader_.feed(message, workspace_, *this);
    reader_.finish(workspace_, *this);
  }

 private:
  scan::mime::Workspace workspace_;
  scan::mime::MessageReader reader_{{}, scan::sa::RuleScan::wanted()};
};

}  // namespace sluice::tools
