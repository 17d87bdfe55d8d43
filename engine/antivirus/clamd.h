// clamd(8) by its socket protocol: commands ended by NUL within IDSESSION, so that one connection
// serves many scans; INSTREAM carries the octets in chunks behind their length.
#pragma once

#include <string>

#include "engine/antivirus/virus_engine.h"

namespace sluice::antivirus {

class Clamd final : public VirusEngine {
 public:
  Clamd(std::string server, Duration connect_timeout)
      : server_(std::move(server)), connect_timeout_(connect_timeout) {}

  Answer scan(Octets octets, const Patience& patience) override;
  std::string version(const Patience& patience) override;

 private:
  std::expected<void, std::string> connect(const Patience& patience);
  std::expected<std::string, std::string> command(Octets octets, const Patience& patience);
  std::expected<void, std::string> send_stream(Octets octets, const Patience& patience);
  std::expected<std::string, std::string> reply(const Patience& patience);

  std::string server_;
  Duration connect_timeout_;
  Connection connection_;
  std::string version_;
  Instant version_asked_{};
};

}  // namespace sluice::antivirus
