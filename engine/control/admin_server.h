// The engine's side of the commands: a unix socket (0600) that takes one JSON object per connection
// and answers with one. Runs on the control thread; a slow or silent client is dropped.
#pragma once

#include <expected>
#include <memory>
#include <string>

namespace sluice::control {

class Engine;

class AdminServer {
 public:
  static std::expected<std::unique_ptr<AdminServer>, std::string> open(const std::string& path,
                                                                       Engine& engine);
  ~AdminServer();

  // Serves what is there; waits up to timeout_ms for a client or for `also` to become readable.
  void poll(int timeout_ms, int also);

 private:
  AdminServer(std::string path, int descriptor, Engine& engine)
      : path_(std::move(path)), descriptor_(descriptor), engine_(engine) {}
  void serve(int client);

  std::string path_;
  int descriptor_;
  Engine& engine_;
};

}  // namespace sluice::control
