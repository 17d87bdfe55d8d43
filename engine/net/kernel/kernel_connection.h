// One socket as a Connection. It reads into a buffer that it holds only while something is unread,
// and writes into a ring that it holds only until the kernel has taken everything.
#pragma once

#include "engine/base/intrusive_list.h"
#include "engine/net/kernel/buffer_pool.h"
#include "engine/net/transport.h"

namespace sluice::net {

inline constexpr std::size_t kReadBuffer = 32 * 1024;  // octets per connection that has unread ones

class KernelConnection;
struct KernelLists;

// What the connections of a transport share.
struct KernelShared {
  BufferPool read_buffers;
  BufferPool send_buffers;
  KernelLists* lists = nullptr;
};

class KernelConnection final : public Connection {
 public:
  explicit KernelConnection(KernelShared* shared) : shared_(*shared) {}
  ~KernelConnection();

  State state() const noexcept override { return state_; }
  NetError error() const noexcept override { return error_; }
  ByteView readable() noexcept override;
  void consume(std::size_t count) noexcept override;
  bool read_finished() const noexcept override { return at_end_ && unread() == 0; }
  std::size_t unread() const noexcept override { return read_tail_ - read_head_; }
  std::size_t copy(MutableBytes out) const noexcept override;
  bool input_ended() const noexcept override { return at_end_; }
  std::size_t write(ByteView octets) noexcept override;
  std::size_t write_space() const noexcept override;
  bool write_drained() const noexcept override { return unsent_ == 0; }
  void close() noexcept override;
  void abort() noexcept override;
  Endpoint local() const noexcept override { return local_; }
  Endpoint remote() const noexcept override { return remote_; }

  // For the transport.
  void begin(int socket, State state) noexcept;  // of a fresh element of the slab
  void end() noexcept;                           // closes the socket, gives the buffers back
  void on_events(std::uint32_t events) noexcept;
  void fill() noexcept;          // reads what fits; after release(): throws it away
  void send_pending() noexcept;  // writes what the kernel takes, then FIN if that was asked for
  void release(Instant linger_until) noexcept;
  void set_remote(const Endpoint& remote) noexcept { remote_ = remote; }
  bool done() const noexcept;  // released, and the peer needs nothing more from us
  int socket() const noexcept { return socket_; }
  Instant linger_until() const noexcept { return linger_until_; }

  ListLink ready_link;
  ListLink fill_link;
  ListLink send_link;
  ListLink linger_link;

 private:
  bool wants_fill() const noexcept;
  void read_more() noexcept;
  void discard_more() noexcept;
  void finish_opening() noexcept;
  void fail(NetError error) noexcept;
  void notify() noexcept;
  void schedule_fill() noexcept;
  void schedule_send() noexcept;
  void close_socket() noexcept;
  void drop_read_buffer() noexcept;
  void drop_send_buffer() noexcept;

  KernelShared& shared_;
  int socket_ = -1;
  State state_ = State::opening;
  NetError error_ = NetError::reset;
  Endpoint local_;
  Endpoint remote_;

  std::uint8_t* read_buffer_ = nullptr;
  std::size_t read_head_ = 0;  // read_head_ <= read_tail_ <= kReadBuffer
  std::size_t read_tail_ = 0;
  bool kernel_has_more_ = false;
  bool at_end_ = false;   // FIN received
  bool hung_up_ = false;  // the end comes after what the kernel has: a short read is not all

  std::uint8_t* send_buffer_ = nullptr;  // ring
  std::size_t send_head_ = 0;
  std::size_t unsent_ = 0;
  bool kernel_takes_ = false;
  bool short_write_ = false;  // write() took less than offered: say when there is room again
  bool closing_ = false;      // FIN when everything is written
  bool fin_sent_ = false;

  bool released_ = false;
  Instant linger_until_ = Instant::never();
};

struct KernelLists {
  IntrusiveList<KernelConnection, &KernelConnection::ready_link> ready;    // for next_ready()
  IntrusiveList<KernelConnection, &KernelConnection::fill_link> fill;      // for the next poll()
  IntrusiveList<KernelConnection, &KernelConnection::send_link> send;      // for the next flush()
  IntrusiveList<KernelConnection, &KernelConnection::linger_link> linger;  // released, oldest first
};

}  // namespace sluice::net
