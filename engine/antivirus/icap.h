// An anti-virus server by ICAP (RFC 3507): the octets go as the body of an HTTP response that the
// server may modify (RESPMOD), or of a request (REQMOD); what it lets pass unmodified is clean. A
// preview comes first where the server wants one, and connections are used again.
#pragma once

#include <string>

#include "engine/antivirus/virus_engine.h"

namespace sluice::antivirus {

class Icap final : public VirusEngine {
 public:
  Icap(std::string server, std::string service, config::IcapMethod method, Duration connect_timeout)
      : server_(std::move(server)),
        service_(std::move(service)),
        requests_(method == config::IcapMethod::reqmod),
        connect_timeout_(connect_timeout) {}

  Answer scan(Octets octets, const Patience& patience) override;
  std::string version(const Patience& patience) override;

 private:
  struct Reply {
    int status = 0;
    std::string header;
  };
  using Sent = std::expected<void, std::string>;

  Sent connect(const Patience& patience);
  Sent ask_options(const Patience& patience);
  std::string head_of(std::size_t size, std::string_view preview) const;
  std::expected<Reply, std::string> show(Octets octets, const Patience& patience);
  std::expected<Reply, std::string> read_reply(const Patience& patience);
  Sent send_body(Octets octets, std::size_t from, std::size_t to, const Patience& patience);
  Sent read_exactly(std::size_t size, std::string& into, const Patience& patience);
  std::expected<std::string, std::string> read_body(std::size_t most, const Patience& patience);
  Answer judge(const Reply& reply, Octets octets, const Patience& patience);
  std::expected<bool, std::string> comes_back(const Reply& reply, Octets octets,
                                              const Patience& patience);
  std::string host() const { return server_.starts_with('/') ? "localhost" : server_; }

  std::string server_;
  std::string service_;
  bool requests_;  // REQMOD
  Duration connect_timeout_;
  Connection connection_;
  std::size_t preview_ = SIZE_MAX;  // octets; SIZE_MAX: none is wanted
  std::string version_;
  Instant version_asked_{};
};

}  // namespace sluice::antivirus
