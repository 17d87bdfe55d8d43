#include "tools/loadgen/tally.h"

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace sluice::load {

std::expected<void, std::string> Tally::open_results(const std::string& path) {
  if (path.empty()) return {};
  results_.reset(std::fopen(path.c_str(), "w"));
  if (results_ == nullptr) return std::unexpected(path + ": " + std::strerror(errno));
  return {};
}

void Tally::message_done(std::string_view name, std::uint64_t size, std::uint16_t code,
                         std::string_view reply) {
  if (code == 0) {
    ++unanswered;
  } else {
    ++messages;
    octets += size;
    ++codes[code % codes.size()];
  }
  if (results_ == nullptr) return;
  using nlohmann::json;
  const json line = {{"file", name}, {"code", code}, {"reply", reply}, {"mid", mid_of(reply)}};
  line_ = line.dump(-1, ' ', false, json::error_handler_t::replace);
  line_ += '\n';
  std::fwrite(line_.data(), 1, line_.size(), results_.get());
}

void Tally::connection_failed(std::string_view reason) {
  ++connections_failed;
  if (first_failure.empty()) first_failure = reason;
}

void Tally::flush_results() {
  if (results_ != nullptr) std::fflush(results_.get());
}

std::uint64_t Tally::accepted() const noexcept {
  std::uint64_t count = 0;
  for (std::size_t code = 200; code < 300; ++code) count += codes[code];
  return count;
}

std::string_view mid_of(std::string_view reply) noexcept {
  const std::size_t word = reply.find("MID ");
  if (word == std::string_view::npos) return {};
  const std::string_view rest = reply.substr(word + 4);
  return rest.substr(0, rest.find_first_not_of("0123456789"));
}

}  // namespace sluice::load
