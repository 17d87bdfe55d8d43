// What the operator has decided and what a restart must not forget: the three pauses, held hosts
// and redirects, each with since when and by whom. A JSON file in the queue's directory, replaced
// whole and synced before anybody is told.
#pragma once

#include <array>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/worker/directives.h"

namespace sluice::control {

enum class Pause : std::uint8_t { accept, scan, delivery };
inline constexpr std::size_t kPauses = 3;
inline constexpr std::array<std::string_view, kPauses> kPauseNames{"accept", "scan", "delivery"};

// Who did it, and when.
struct Decision {
  WallTime since;
  std::string by;
};

struct PauseState : Decision {
  bool paused = false;
};
struct HeldHost : Decision {
  std::string host;
};
struct RedirectedHost : Decision {
  std::string host;
  std::string to;
};

class OperatorState {
 public:
  static constexpr std::size_t kHostsMax = 1'000;  // held, and redirected

  // The state of a queue directory; without a file nothing is paused. The error names the file.
  static std::expected<OperatorState, std::string> load(const std::string& queue_directory);

  // Each changes the file first; after an error nothing has changed. False: it was so already.
  std::expected<bool, std::string> set_pause(Pause pause, bool paused, const Decision& decision);
  std::expected<bool, std::string> hold(std::string_view host, const Decision& decision);
  std::expected<bool, std::string> release(std::string_view host);
  // An empty `to` ends the redirect.
  std::expected<bool, std::string> redirect(std::string_view host, std::string_view to,
                                            const Decision& decision);

  const PauseState& pause(Pause pause) const noexcept {
    return pauses_[static_cast<std::size_t>(pause)];
  }
  const std::vector<HeldHost>& held() const noexcept { return held_; }
  const std::vector<RedirectedHost>& redirects() const noexcept { return redirects_; }
  worker::Directives directives() const;

 private:
  std::expected<bool, std::string> store(OperatorState next);
  std::string text() const;
  bool read(std::string_view text);

  std::string path_;
  std::array<PauseState, kPauses> pauses_{};
  std::vector<HeldHost> held_;
  std::vector<RedirectedHost> redirects_;
};

// Where mail may be redirected to: a host whose mail goes the way that the routes say, or a next
// hop, "192.0.2.25:25" or "[smtp.example.net]:587". Empty when it can be neither.
std::string canonical_redirect(std::string_view text);

// A host as it is kept: lower case. Empty when it cannot be one.
std::string canonical_host(std::string_view text);

}  // namespace sluice::control
