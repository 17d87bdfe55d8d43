#include "engine/smtp/reply.h"

#include <algorithm>

#include "engine/base/contract.h"

namespace sluice::smtp {

namespace {

class LineWriter {
 public:
  explicit LineWriter(MutableBytes out) : out_(out) {}
  void put(std::string_view text) noexcept {
    for (const char c : text.substr(0, kReplyBytesMax - 2 - used_))
      out_[used_++] = static_cast<std::uint8_t>(c >= 0 && c < ' ' ? ' ' : c);
  }
  std::size_t end() noexcept {
    out_[used_++] = '\r';
    out_[used_++] = '\n';
    return used_;
  }

 private:
  MutableBytes out_;
  std::size_t used_ = 0;
};

}  // namespace

std::size_t format_reply(const Reply& reply, MutableBytes out) noexcept {
  SLUICE_ASSERT(out.size() >= kReplyBytesMax);
  SLUICE_ASSERT(reply.code >= 200 && reply.code <= 599);
  const char code[] = {static_cast<char>('0' + reply.code / 100),
                       static_cast<char>('0' + reply.code / 10 % 10),
                       static_cast<char>('0' + reply.code % 10), ' '};
  LineWriter line(out);
  line.put({code, sizeof code});
  if (!reply.enhanced.empty()) {
    line.put(reply.enhanced);
    line.put(" ");
  }
  line.put(reply.text);
  return line.end();
}

}  // namespace sluice::smtp
