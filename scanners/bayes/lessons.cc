#include "scanners/bayes/lessons.h"

#include <cstring>

namespace sluice::scan::bayes {
namespace {

// Followed by the tokens and the domain. What the ring gives begins behind a length of four octets:
// as many more, and the tokens lie where words may.
constexpr std::size_t kPadding = 4;
struct Record {
  std::uint32_t tokens = 0;
  std::uint32_t domain_size = 0;
  Learn what = Learn::ham;
  Token identity = 0;
};
constexpr std::size_t kDomainMax = 255;  // RFC 1035 2.3.4

}  // namespace

void Lessons::add(const Lesson& lesson) noexcept {
  const std::string_view domain = lesson.domain.substr(0, kDomainMax);
  const Record record{.tokens = static_cast<std::uint32_t>(lesson.tokens.size()),
                      .domain_size = static_cast<std::uint32_t>(domain.size()),
                      .what = lesson.what,
                      .identity = lesson.identity};
  std::uint8_t* out =
      ring_.reserve(kPadding + sizeof record + lesson.tokens.size_bytes() + domain.size());
  if (out == nullptr) return;
  out += kPadding;
  std::memcpy(out, &record, sizeof record);
  out += sizeof record;
  if (!lesson.tokens.empty()) std::memcpy(out, lesson.tokens.data(), lesson.tokens.size_bytes());
  if (!domain.empty()) std::memcpy(out + lesson.tokens.size_bytes(), domain.data(), domain.size());
  ring_.publish();
}

bool Lessons::front(Lesson& lesson) noexcept {
  const ByteView bytes = ring_.front();
  if (bytes.empty()) return false;
  Record record;
  std::memcpy(&record, bytes.data() + kPadding, sizeof record);
  const std::uint8_t* const tokens = bytes.data() + kPadding + sizeof record;
  lesson.what = record.what;
  lesson.identity = record.identity;
  lesson.tokens = {reinterpret_cast<const Token*>(tokens), record.tokens};
  lesson.domain = as_text({tokens + record.tokens * sizeof(Token), record.domain_size});
  return true;
}

}  // namespace sluice::scan::bayes
