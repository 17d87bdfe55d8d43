// Any message, with all functions of rules over what was gathered of it: no crash, and the same
// hits whatever the chunks it came in.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "scanners/mime/message_reader.h"
#include "scanners/spamassassin/rule_scan.h"

namespace {

using namespace sluice;
using namespace sluice::scan;

constexpr const char* kRules = SLUICE_SOURCE_ROOT "/tests/data/fidelity/rules.cf";

struct Scanner {
  static std::shared_ptr<const sa::Program> compile() {
    config::Problems problems;
    const std::vector<std::string> paths{kRules};
    return sa::Program::compile(sa::read_rule_book(paths, problems), {}, problems);
  }
  std::shared_ptr<const sa::Program> program = compile();
  sa::ScanTools tools{*program};
  sa::RuleScan scan{program, tools, 64 * 1024};
  mime::MessageReader reader{{}, sa::RuleScan::wanted()};

  std::vector<float> hits(ByteView message, std::size_t chunk) {
    scan.begin();
    reader.begin();
    for (ByteView rest = message; !rest.empty();
         rest = rest.subspan(std::min(chunk, rest.size()))) {
      scan.full(rest.first(std::min(chunk, rest.size())));
      reader.feed(rest.first(std::min(chunk, rest.size())), tools.workspace, scan);
    }
    reader.finish(tools.workspace, scan);
    std::vector<float> counts;
    for (std::uint32_t rule = 0; rule < program->book().rules.size(); ++rule)
      counts.push_back(scan.count(rule));
    return counts;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto scanner = std::make_unique<Scanner>();
  if (size < 1) return 0;
  const ByteView message{data + 1, size - 1};
  if (scanner->hits(message, SIZE_MAX) != scanner->hits(message, 1 + data[0] % 32U)) std::abort();
  return 0;
}
