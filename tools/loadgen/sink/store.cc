#include "tools/loadgen/sink/store.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace sluice::load {

std::expected<void, std::string> Store::open(const std::string& directory) {
  if (directory.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return std::unexpected(directory + ": " + error.message());
  const std::string path = directory + "/envelopes.jsonl";
  envelopes_.reset(std::fopen(path.c_str(), "w"));
  if (envelopes_ == nullptr) return std::unexpected(path + ": " + std::strerror(errno));
  directory_ = directory;
  return {};
}

bool Store::put(std::string_view octets, const mail::Envelope& envelope, std::string_view helo) {
  const std::string name = fmt::format("{:08}.eml", ++count_);
  std::unique_ptr<std::FILE, CloseFile> file(std::fopen((directory_ + "/" + name).c_str(), "w"));
  if (file == nullptr) return false;
  if (std::fwrite(octets.data(), 1, octets.size(), file.get()) != octets.size()) return false;
  if (std::fflush(file.get()) != 0) return false;

  using nlohmann::json;
  json line = {
      {"file", name}, {"from", envelope.reverse_path()}, {"to", json::array()}, {"helo", helo}};
  envelope.for_each_recipient([&line](std::uint32_t, const mail::Recipient& recipient) {
    line["to"].push_back(recipient.address);
  });
  const std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  return std::fwrite(text.data(), 1, text.size(), envelopes_.get()) == text.size() &&
         std::fflush(envelopes_.get()) == 0;
}

}  // namespace sluice::load
