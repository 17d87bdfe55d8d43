// TXT records and a policy of arbitrary octets. What is taken keeps its promises, and a policy
// that was stored and read again is the same.
#include "engine/web/sts_policy.h"
#include "engine/web/sts_record.h"
#include "engine/web/tlsrpt_record.h"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const std::string& record : {text, "v=STSv1;" + text})
    if (const auto id = web::sts_record_id({record}); id && (id->empty() || id->size() > 32))
      __builtin_trap();
  for (const std::string& record : {text, "v=TLSRPTv1;rua=" + text}) {
    const auto uris = web::tlsrpt_uris({record});
    if (uris.size() > web::kReportUrisMax) __builtin_trap();
    for (const std::string& uri : uris)
      if (const auto address = web::mailto_address(uri))
        for (const char c : *address)
          if (c <= ' ' || c >= '\x7f' || c == '>') __builtin_trap();
  }
  (void)web::mailto_address("mailto:" + text);
  for (const std::string& body : {text, "version: STSv1\nmode: enforce\nmax_age: 1\n" + text}) {
    const auto policy = web::parse_sts_policy(body);
    if (!policy) continue;
    if (policy->max_age > web::kStsMaxAgeMax || policy->mx.size() > web::kStsPatternsMax)
      __builtin_trap();
    if (policy->mode != web::StsPolicy::Mode::none && policy->mx.empty()) __builtin_trap();
    for (const std::string& pattern : policy->mx)
      if (!pattern.starts_with("*.") && !policy->allows(pattern)) __builtin_trap();
    if (web::parse_sts_policy(policy->text) != policy) __builtin_trap();
    (void)web::policy_lines(policy->text);
  }
  return 0;
}
