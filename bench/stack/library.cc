#include "bench/stack/library.h"

#include <dlfcn.h>

#include <filesystem>

namespace sluice::bench {
namespace {

template <typename Function>
bool find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  return function != nullptr;
}

}  // namespace

std::expected<StackLibrary, std::string> load_library(const std::string& path) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return std::unexpected(dlerror());
  StackLibrary library{.name = std::filesystem::path(path).stem().string()};
  decltype(&slt_abi_version) version = nullptr;
  const bool complete =
      find(handle, "slt_abi_version", version) && find(handle, "slt_open", library.open) &&
      find(handle, "slt_close_stack", library.close_stack) &&
      find(handle, "slt_next_deadline", library.next_deadline) &&
      find(handle, "slt_advance", library.advance) && find(handle, "slt_input", library.input) &&
      find(handle, "slt_output", library.output) && find(handle, "slt_socket", library.socket) &&
      find(handle, "slt_bind", library.bind) && find(handle, "slt_listen", library.listen) &&
      find(handle, "slt_accept", library.accept) && find(handle, "slt_connect", library.connect) &&
      find(handle, "slt_recv", library.recv) && find(handle, "slt_send", library.send) &&
      find(handle, "slt_close", library.close) && find(handle, "slt_poll", library.poll) &&
      find(handle, "slt_stats_get", library.stats_get);
  if (!complete) return std::unexpected(path + ": functions of the interface are missing");
  if (version() != SLT_ABI_VERSION) return std::unexpected(path + ": another interface version");
  return library;
}

}  // namespace sluice::bench
