// HTTPS requests, several at once, on one thread: what libcurl does, within limits. Certificates
// are always verified, redirects are never followed (RFC 8461 3.3), no proxy of the environment is
// used, and no connection is made to an address that is not global, unless the request allows it:
// strangers choose the URLs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/ip_address.h"

namespace sluice::web {

struct HttpsRequest {
  std::string url;
  // Where its host is; without `host` the system's resolver is asked for the one of the URL.
  std::string host;
  std::uint16_t port = 443;
  std::vector<IpAddress> addresses;
  std::string body;                // not empty: POST
  std::string content_type;        // of the body
  std::string ca_file;             // PEM; empty: the system's authorities
  bool private_addresses = false;  // may be connected to
  Duration timeout = minutes(1);
  std::size_t bytes_max = 64UL * 1024;  // of the answer
};

struct HttpsResult {
  enum class Kind : std::uint8_t {
    answered,     // `status` and `body`
    failed,       // no connection, no answer in time, too large an answer
    certificate,  // the server's certificate is not good for its name
  };
  Kind kind = Kind::failed;
  long status = 0;
  std::string content_type;
  std::string body;
  std::string trouble;
};

class Https {
 public:
  Https();
  ~Https();
  Https(const Https&) = delete;
  Https& operator=(const Https&) = delete;

  // The caller bounds how many there are at once.
  void start(std::uint64_t token, HttpsRequest request);
  std::size_t running() const noexcept { return transfers_.size(); }

  struct Done {
    std::uint64_t token;
    HttpsResult result;
  };
  // Moves what can be moved; the requests that have ended.
  std::vector<Done> poll();
  // Waits until something can be moved, somebody calls wake(), or the time has passed.
  void wait(Duration limit) noexcept;
  void wake() noexcept;  // from any thread

 private:
  struct Transfer;
  void set_up(Transfer& transfer);
  Done finish(Transfer& transfer, int code);

  void* multi_;  // libcurl's
  std::vector<std::unique_ptr<Transfer>> transfers_;
  std::vector<Done> hopeless_;  // ended before they began
};

// "text/plain" of "Text/Plain; charset=utf-8".
std::string media_type(std::string_view content_type);

}  // namespace sluice::web
