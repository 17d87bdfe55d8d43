// An inbound SMTP connection: glues one net::Connection to one smtp::ServerSession and to the
// policies, the scan and the queue shard of this core. Pooled; reopened without allocation.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/intrusive_list.h"
#include "engine/base/slab.h"
#include "engine/dns/reverse.h"
#include "engine/net/transport.h"
#include "engine/policy/recipient_policy.h"
#include "engine/smtp/server_session.h"
#include "engine/worker/arrival.h"
#include "engine/worker/core_state.h"
#include "engine/worker/listener_set.h"

namespace sluice::worker {

class Inbound final : public smtp::ServerHandler, public SessionLinks {
 public:
  enum class Progress : std::uint8_t { waiting, again, done };

  Inbound();

  // Takes the connection over. Nothing is sent before begin().
  void open(CoreState& core, net::Transport& transport, net::Connection& connection,
            ListenerSet& listeners, const ListenerState& listener, Icid icid, Handle self,
            Instant now);
  // `refusal` (code 0 = none) is sent instead of the banner. A second call does nothing.
  void begin(const dns::ReverseName& name, const smtp::Reply& refusal, Instant now);

  // Moves octets both ways within a budget. `again`: more is there, put it at the end of the ready
  // list. `done`: the session is over; the caller releases connection and object.
  Progress run(Instant now);
  Progress commit_done(Mid mid, std::expected<void, queueing::QueueError> result, Instant now);
  Progress examined(Instant now);  // the job of its message is back
  Progress space_available(Instant now);
  Progress deadline_passed(Instant now);
  void drain(Instant now) {
    if (begun_) session_.drain(now);
  }

  // After Progress::done: gives everything back and emits the closing events.
  void close();

  net::Transport& transport() const noexcept { return *transport_; }
  net::Connection& connection() const noexcept { return *connection_; }
  const IpAddress& source() const noexcept { return peer_.address; }
  ListenerSet& listeners() const noexcept { return *listeners_; }
  bool waits_for_space() const noexcept {
    return begun_ && session_.waiting() == smtp::Wait::space;
  }
  bool counted() const noexcept { return counted_; }  // in the per-source table
  void set_counted() noexcept { counted_ = true; }
  bool begun() const noexcept { return begun_; }
  const smtp::ServerSession& session() const noexcept { return session_; }
  Icid icid() const noexcept { return icid_; }
  Instant since() const noexcept { return opened_; }

 private:
  Origin origin(tls::ClientCertificate& client) const;
  std::optional<smtp::Reply> check_sender(std::string_view reverse_path,
                                          const mail::SenderParameters& parameters) override;
  std::string_view recipient_address(std::string_view address) override;
  std::optional<smtp::Reply> check_recipient(const mail::Recipient& recipient) override;
  std::optional<smtp::Reply> begin_message(const mail::Envelope& envelope) override;
  MutableBytes message_space() override { return arrival_.space(); }
  void message_written(std::size_t count) override { arrival_.written(count); }
  void end_message() override;
  void abort_message(std::string_view reason) override;
  void message_refused(const smtp::Reply& reply) override { count_refusal(reply); }
  void recipient_refused(const mail::Recipient& recipient, const smtp::Reply& reply) override;
  void early_talker(ByteView first_octets) override;
  std::optional<smtp::Reply> check_starttls() override;

  bool exchange(Instant now);
  bool start_tls(Instant now);
  bool end_step(tls::Outcome outcome, Instant now);
  bool lend_session();
  void submit_job();
  bool take_back(Instant now);
  bool asks_for_certificate() const noexcept;
  bool note_ending(Arrival::Ending ending, Mid mid, smtp::Reply& reply);
  void note_client_certificate();
  void tls_failed(const tls::Failure& failure);
  std::optional<smtp::Reply> check_bounce(std::string_view address);
  bool under_pressure() const noexcept;
  void count_refusal(const smtp::Reply& reply);
  void end_unfinished(std::string_view reason);
  bool send_output();
  void lose(std::string_view why);
  void arm_deadline();
  void emit(mail::EventKind kind, std::string_view text0 = {}, std::string_view text1 = {});

  CoreState* core_ = nullptr;
  net::Transport* transport_ = nullptr;
  net::Connection* connection_ = nullptr;
  std::unique_ptr<tls::Stream> tls_;  // over connection_, when TLS is on
  HandshakeJob* job_ = nullptr;       // the step of its handshake that an offload core has
  bool shakes_elsewhere_ = false;     // the handshake runs on an offload core
  ByteStream* stream_ = nullptr;      // what the session's octets go over: connection_ or tls_
  ListenerSet* listeners_ = nullptr;
  const ListenerState* listener_ = nullptr;
  smtp::ServerSession session_;
  Arrival arrival_;
  Timer deadline_;
  Handle self_;
  Icid icid_ = 0;
  Mid mid_ = 0;  // of the transaction, 0 = none
  Endpoint peer_;
  Instant opened_;
  Instant now_;  // of the running call, for completions inside it
  smtp::Reply accepted_reply(Mid mid) noexcept;

  std::optional<smtp::Reply> verdict_reply_;  // end_message() refused at once
  bool end_told_ = false;                     // the session knows that the peer has finished
  std::optional<std::string_view> loss_;      // the connection is lost, and why
  Instant give_up_at_ = Instant::never();     // on the last replies
  bool tagged_ = false;             // the recipient that is being looked at had a good tag
  bool unverified_bounce_ = false;  // the transaction's
  bool counted_ = false;
  bool begun_ = false;  // else it waits for the name of the peer
  char reply_text_[96];
};

}  // namespace sluice::worker
