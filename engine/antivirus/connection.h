// A stream socket to a helper on this or another host: blocking calls that end at a deadline, or
// when the engine stops. For threads of their own, never for a data core.
#pragma once

#include <atomic>
#include <expected>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/clock.h"

namespace sluice::antivirus {

// How long a call may take.
struct Patience {
  Instant deadline;
  const std::atomic<bool>* stop = nullptr;  // null: nothing ends it early
  bool over() const noexcept;
};

class Connection {
 public:
  Connection() = default;
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection() { close(); }

  // `server`: a path, or an address with TCP port.
  static std::expected<Connection, std::string> open(const std::string& server,
                                                     const Patience& patience);
  bool is_open() const noexcept { return socket_ >= 0; }
  void close() noexcept;
  // Whether the peer has ended it, or said something that nobody asked for.
  bool is_stale() const noexcept;

  std::expected<void, std::string> write(ByteView octets, const Patience& patience);
  // 0: the peer has ended the stream.
  std::expected<std::size_t, std::string> read(MutableBytes into, const Patience& patience);
  // To `end`, which is taken off; at most `most` octets.
  std::expected<std::string, std::string> read_until(std::string_view end, std::size_t most,
                                                     const Patience& patience);

 private:
  explicit Connection(int socket) : socket_(socket) {}
  std::expected<void, std::string> wait(short events, const Patience& patience) const;

  int socket_ = -1;
  std::string unread_;  // behind what read_until() returned
};

}  // namespace sluice::antivirus
