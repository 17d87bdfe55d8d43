// One connection to a next hop: a transport connection, the SMTP client on it, and the message
// that it is sending. Moves octets between the three; what a result means is the dispatcher's
// affair. Pooled: slots are made at start and used again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/intrusive_list.h"
#include "engine/base/timer_wheel.h"
#include "engine/delivery/body_reader.h"
#include "engine/delivery/downgrade.h"
#include "engine/delivery/job.h"
#include "engine/delivery/session_limits.h"
#include "engine/net/transport.h"
#include "engine/smtp/client_session.h"
#include "tls/stream.h"

namespace sluice::delivery {

class Dispatcher;

class OutboundConnection {
 public:
  enum class Phase : std::uint8_t {
    unused,
    connecting,  // the transport has not connected yet
    greeting,    // connected; greeting and EHLO are under way
    sending,     // a message is under way
    idle,        // ready for one
    quitting,
  };

  OutboundConnection(std::uint32_t slot, Dispatcher& dispatcher, Timer::Callback on_timer)
      : timer(on_timer, this), slot_(slot), dispatcher_(dispatcher) {}
  ~OutboundConnection();

  void opened(net::Transport& transport, net::Connection& connection, Destination& destination,
              std::size_t hop, Dcid dcid) noexcept;
  // The transport has connected: SMTP begins. The buffers are for the time when it goes over TLS.
  void begin_session(const smtp::ClientSettings& settings, std::string_view postmaster,
                     tls::ReadBuffers* buffers, Instant now);
  // Takes the job over and starts its message, from the sender as the peer is to see it.
  void send(Job& job, queueing::QueuedMessage& message, std::string sender, queueing::Shard& shard,
            BlockPool& blocks, Instant now);
  void quit(Instant now);
  // Moves octets as far as they go now; bounded per call, the rest follows at the next ready.
  void pump(Instant now);
  // The outcome of the message, once nothing of it is being read any more.
  std::optional<smtp::MessageResult> take_result();
  Job* release_job() noexcept;  // after the result: the connection is done with it
  // Leaves the transport, orderly or with a reset; the slot is unused again. No job, no read.
  void shut(bool orderly) noexcept;

  Phase phase() const noexcept { return phase_; }
  void set_phase(Phase phase) noexcept { phase_ = phase; }
  Dispatcher& dispatcher() noexcept { return dispatcher_; }
  std::uint32_t slot() const noexcept { return slot_; }
  net::Connection* connection() noexcept { return connection_; }
  smtp::ClientSession& session() noexcept { return session_; }
  BodyReader& body() noexcept { return body_; }
  Destination& destination() const noexcept { return *destination_; }
  Job* job() noexcept { return job_; }
  std::size_t hop() const noexcept { return hop_; }
  Dcid dcid() const noexcept { return dcid_; }
  std::uint32_t messages() const noexcept { return messages_; }  // started on this connection
  bool body_started() const noexcept { return body_started_; }
  const tls::Session& tls() const noexcept { return tls_->session(); }  // of an encrypted session
  const tls::PeerCheck& peer() const noexcept { return peer_; }         // of levels that verify
  const tls::Failure& tls_failure() const noexcept { return tls_failure_; }  // of its handshake

  ListLink idle_link;         // among the idle connections of its destination
  ListLink starved_link;      // waits for a block, or for the queue to read
  Timer timer;                // connect, command or idle deadline
  SessionLimits limits;       // once it is greeted
  bool tls_reported = false;  // the log knows that it is encrypted

 private:
  bool move_octets(Instant now);
  bool move_input(Instant now);
  bool shake_hands(Instant now);
  bool finish_handshake(Instant now);
  bool fail_handshake(const tls::Failure& failure);
  bool move_body(Instant now);
  bool end_body(Instant now);
  void convert_for_peer();
  bool move_output() noexcept;
  ByteView next_octets() noexcept;
  void consume(std::size_t count) noexcept;
  ByteView raw_octets() const noexcept;  // before they are converted
  void consume_raw(std::size_t count) noexcept;
  bool fill_downgrade();

  const std::uint32_t slot_;
  Dispatcher& dispatcher_;
  Phase phase_ = Phase::unused;
  net::Transport* transport_ = nullptr;
  net::Connection* connection_ = nullptr;
  tls::ReadBuffers* tls_buffers_ = nullptr;
  std::unique_ptr<tls::Stream> tls_;  // over connection_, from the peer's 220 on
  ByteStream* stream_ = nullptr;      // what the session's octets go over: connection_ or tls_
  tls::PeerCheck peer_;
  tls::Failure tls_failure_;
  Destination* destination_ = nullptr;
  std::size_t hop_ = 0;
  Dcid dcid_ = 0;
  std::uint32_t messages_ = 0;

  smtp::ClientSession session_;
  smtp::OutgoingMessage outgoing_;
  std::string sender_;
  std::string postmaster_;  // who gets the mail for a bare "postmaster"
  Job* job_ = nullptr;
  std::string_view header_left_;          // of the added header; lives in the leased message
  std::unique_ptr<Downgrade> downgrade_;  // null: the peer takes the message as it is
  BodyReader body_;
  bool body_started_ = false;
  bool body_ended_ = false;
};

}  // namespace sluice::delivery
