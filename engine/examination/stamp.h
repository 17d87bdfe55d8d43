// The header field that tells what the anti-virus engine said:
//   X-Sluice-Antivirus: clean; engine="ClamAV 1.4.6/27000/Sat Nov 22 2026"
//   X-Sluice-Antivirus: infected; virus="Eicar-Test-Signature"; engine="…"
//   X-Sluice-Antivirus: not scanned; reason="connecting: Connection refused"
#pragma once

#include <span>

#include "engine/examination/job.h"

namespace sluice::examination {

inline constexpr std::size_t kStampBytesMax = 512;

// Complete lines; returns their octets, 0 when the message was not to be scanned or `out` is too
// small.
std::size_t write_stamp(const Result& result, std::span<char> out);

}  // namespace sluice::examination
