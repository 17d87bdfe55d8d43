// The plain-text side of a TLS session as a ByteStream, so that a protocol does not see whether it
// runs over TCP or over TLS. Octets are decrypted into one scratch buffer of the core; what the
// reader leaves there goes to a spare buffer when its turn ends (park()), so that an idle session
// holds none. Without a spare one only as much is read as the reader takes at once.
#pragma once

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "tls/session.h"

namespace sluice::tls {

// One per core.
class ReadBuffers {
 public:
  using Buffer = std::array<std::uint8_t, kInnerMax>;  // of one record

  explicit ReadBuffers(std::size_t spare_count);

  Buffer& scratch() noexcept { return *scratch_; }
  bool has_spare() const noexcept { return !spare_.empty(); }
  std::unique_ptr<Buffer> take_spare() noexcept;
  void give_back(std::unique_ptr<Buffer> buffer) noexcept;

 private:
  std::unique_ptr<Buffer> scratch_;
  std::vector<std::unique_ptr<Buffer>> spare_;
};

class Stream final : public ByteStream {
 public:
  explicit Stream(ReadBuffers& buffers, Session session = {})
      : buffers_(buffers), session_(std::move(session)) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { reset(); }

  Session& session() noexcept { return session_; }
  const Session& session() const noexcept { return session_; }

  ByteView readable() noexcept override;
  void consume(std::size_t count) noexcept override;
  bool read_finished() const noexcept override { return ended_ && plain_.empty(); }
  std::size_t write(ByteView octets) noexcept override;

  // Before another session of the core has its turn.
  void park() noexcept;
  void reset() noexcept;

  bool failed() const noexcept { return failed_; }  // session().failure() says why

 private:
  void note(Outcome outcome) noexcept;
  void drop_parked() noexcept;

  ReadBuffers& buffers_;
  Session session_;
  ByteView plain_;  // decrypted and unread: in the scratch buffer or in parked_
  std::unique_ptr<ReadBuffers::Buffer> parked_;
  bool peeked_ = false;  // plain_ is still in OpenSSL's hands too: consume() takes it from there
  bool ended_ = false;
  bool failed_ = false;
};

}  // namespace sluice::tls
