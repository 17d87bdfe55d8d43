#include "engine/worker/fate.h"

#include <optional>

namespace sluice::worker {
namespace {

using policy::Disposition;

constexpr smtp::Reply kContentRejected{550, "5.7.1",
                                       "Message rejected due to content restrictions"};
constexpr smtp::Reply kAttachmentRejected{550, "5.7.1",
                                          "Message rejected: an attachment is not allowed here"};
constexpr smtp::Reply kVirusRejected{550, "5.7.1", "Message rejected: it contains a virus"};
constexpr smtp::Reply kNotScanned{451, "4.7.1",
                                  "Message could not be scanned for viruses, try again later"};
constexpr smtp::Reply kOverLimit{451, "4.3.2",
                                 "Message could not be scanned within the limits, try again later"};
constexpr smtp::Reply kNoRoom{452, "4.3.1", "Insufficient system resources, try again later"};
constexpr smtp::Reply kNotScannable{554, "5.7.1", "Message could not be scanned for viruses"};

// What speaks against a message whatever its score.
std::optional<smtp::Reply> virus_refusal(const examination::Result& result,
                                         const config::Antivirus& antivirus) {
  if (!result.scanned || result.virus == antivirus::Outcome::clean) return {};
  if (result.virus == antivirus::Outcome::infected)
    return antivirus.on_virus == config::OnVirus::reject ? std::optional(kVirusRejected)
                                                         : std::nullopt;
  const bool too_large = result.virus == antivirus::Outcome::too_large;
  switch (too_large ? antivirus.on_too_large : antivirus.on_failure) {
    case config::Unscanned::mark: break;
    case config::Unscanned::defer: return kNotScanned;
    case config::Unscanned::reject: return kNotScannable;
  }
  return {};
}

}  // namespace

Fate fate_of(const scan::Verdict& verdict, const policy::SclThresholds& thresholds) {
  if (verdict.refusal == scan::Refusal::no_room) return {Disposition::reject, kNoRoom};
  if (verdict.refusal == scan::Refusal::attachment)
    return {Disposition::reject, kAttachmentRejected};
  const Disposition by_scl = thresholds.disposition(verdict.scl);
  if (!verdict.limited || by_scl >= Disposition::reject) return {by_scl, kContentRejected};
  switch (thresholds.over_limit()) {
    case config::OverLimit::mark: break;
    case config::OverLimit::quarantine: return {Disposition::quarantine, kContentRejected};
    case config::OverLimit::defer: return {Disposition::reject, kOverLimit};
  }
  return {by_scl, kContentRejected};
}

Fate fate_of(const scan::Verdict& verdict, const policy::SclThresholds& thresholds,
             const examination::Result& result, const config::Antivirus& antivirus) {
  if (const auto refusal = virus_refusal(result, antivirus)) return {Disposition::reject, *refusal};
  return fate_of(verdict, thresholds);
}

}  // namespace sluice::worker
