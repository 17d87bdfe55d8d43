// Small files that survive a crash whole.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace sluice {

// Written beside, synced and renamed over: a crash leaves the old content or the new one.
std::expected<void, std::string> replace_file(const std::string& path, std::string_view content);

}  // namespace sluice
