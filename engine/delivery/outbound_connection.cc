#include "engine/delivery/outbound_connection.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/base/contract.h"
#include "engine/delivery/route.h"

namespace sluice::delivery {
namespace {

constexpr int kRoundsPerPump = 16;  // each moves at most one output buffer of the session

void collect_recipients(const Job& job, const mail::Envelope& envelope, std::string_view postmaster,
                        std::vector<mail::Recipient>& out) {
  out.clear();
  std::size_t next = 0;
  envelope.for_each_recipient([&](Rid rid, const mail::Recipient& recipient) {
    if (next == job.rids.size() || job.rids[next] != rid) return;
    out.push_back(recipient);
    out.back().address = mailbox_of(recipient.address, postmaster);
    ++next;
  });
  SLUICE_ASSERT(next == job.rids.size());
}

}  // namespace

OutboundConnection::~OutboundConnection() {
  if (connection_ == nullptr) return;
  connection_->abort();
  transport_->release(*connection_);
}

void OutboundConnection::opened(net::Transport& transport, net::Connection& connection,
                                Destination& destination, std::size_t hop, Dcid dcid) noexcept {
  SLUICE_ASSERT(phase_ == Phase::unused);
  phase_ = Phase::connecting;
  transport_ = &transport;
  connection_ = &connection;
  stream_ = &connection;
  tls_reported = false;
  peer_ = {};
  tls_failure_ = {};
  destination_ = &destination;
  hop_ = hop;
  dcid_ = dcid;
  messages_ = 0;
}

void OutboundConnection::begin_session(const smtp::ClientSettings& settings,
                                       std::string_view postmaster, tls::ReadBuffers* buffers,
                                       Instant now) {
  postmaster_ = postmaster;
  tls_buffers_ = buffers;
  session_.open(settings, now);
  phase_ = Phase::greeting;
}

void OutboundConnection::send(Job& job, queueing::QueuedMessage& message, std::string sender,
                              queueing::Shard& shard, BlockPool& blocks, Instant now) {
  SLUICE_ASSERT(job_ == nullptr);
  job_ = &job;
  ++messages_;
  phase_ = Phase::sending;
  sender_ = std::move(sender);
  outgoing_.reverse_path = sender_;
  outgoing_.parameters = message.envelope.parameters();
  outgoing_.size = message.added_header.size() + message.body_size;
  convert_for_peer();
  collect_recipients(job, message.envelope, postmaster_, outgoing_.recipients);
  header_left_ = message.added_header;
  body_started_ = body_ended_ = false;
  body_.start(shard, blocks, message.mid, message.body_size, slot_ * BodyReader::kTokens);
  session_.start(outgoing_, now);
}

// What the peer lacks is made up for, as far as that goes.
void OutboundConnection::convert_for_peer() {
  downgrade_.reset();
  const smtp::Capabilities& peer = session_.capabilities();
  mail::SenderParameters& wanted = outgoing_.parameters;
  DowngradeNeeds needs;
  needs.seven_bit = wanted.body != mail::BodyType::seven_bit && !peer.eight_bit_mime;
  needs.ascii_header = wanted.smtputf8 && !peer.smtputf8;
  if (!needs.any()) return;
  if (needs.seven_bit) {
    wanted.body = mail::BodyType::seven_bit;
    outgoing_.size = 0;  // nobody knows
  }
  if (needs.ascii_header) wanted.smtputf8 = false;
  downgrade_ = std::make_unique<Downgrade>(needs);
}

void OutboundConnection::quit(Instant now) {
  session_.quit(now);
  phase_ = Phase::quitting;
}

void OutboundConnection::pump(Instant now) {
  const bool more = move_octets(now);
  if (tls_) tls_->park();
  if (more) transport_->requeue(*connection_);
}

// False when nothing can go on until something changes.
bool OutboundConnection::move_octets(Instant now) {
  for (int round = 0; round < kRoundsPerPump; ++round) {
    bool moved = session_.wants_tls() ? shake_hands(now) : move_input(now);
    moved |= move_body(now);
    moved |= move_output();
    if (!moved) return false;
  }
  return true;
}

bool OutboundConnection::move_input(Instant now) {
  const ByteView input = stream_->readable();
  const std::size_t taken = input.empty() ? 0 : session_.receive(input, now);
  stream_->consume(taken);
  if (taken > 0) return true;
  if (session_.finished()) return false;
  if (connection_->state() == net::Connection::State::failed)
    session_.connection_lost(net::describe(connection_->error()), now);
  else if (tls_ && tls_->failed())
    session_.connection_lost(tls_->session().failure().view(), now);
  else if (stream_->read_finished())
    session_.connection_lost("connection closed by the peer", now);
  return false;
}

// Octets go to the session only as fast as its output leaves: nothing is read that does not fit.
bool OutboundConnection::move_body(Instant now) {
  if (phase_ != Phase::sending || body_ended_) return false;
  body_.read_ahead();
  if (!session_.wants_body()) return false;
  if (body_.failed()) {
    body_ended_ = true;
    session_.body_failed(now);
    return true;
  }
  if (downgrade_ && !fill_downgrade()) {
    body_ended_ = true;
    session_.body_refused(downgrade_->fault());
    return true;
  }
  const ByteView octets = next_octets();
  if (!octets.empty()) {
    const std::size_t taken = session_.body(octets, now);
    consume(taken);
    body_started_ = true;
    return taken > 0;
  }
  return body_.finished() && end_body(now);
}

bool OutboundConnection::end_body(Instant now) {
  body_ended_ = true;
  session_.body_end(now);
  return true;
}

// What is read goes through the conversion in small pieces. False: it cannot be converted.
bool OutboundConnection::fill_downgrade() {
  constexpr std::size_t kPieceBytes = 4'096;
  while (downgrade_->output().empty() && !downgrade_->finished()) {
    const ByteView octets = raw_octets();
    if (octets.empty() && !body_.finished()) return true;  // more will have been read later
    const ByteView piece = octets.first(std::min(octets.size(), kPieceBytes));
    if (!(piece.empty() ? downgrade_->finish() : downgrade_->feed(piece))) return false;
    if (!piece.empty()) consume_raw(piece.size());
  }
  return true;
}

ByteView OutboundConnection::next_octets() noexcept {
  return downgrade_ ? downgrade_->output() : raw_octets();
}

void OutboundConnection::consume(std::size_t count) noexcept {
  if (downgrade_)
    downgrade_->consume(count);
  else
    consume_raw(count);
}

ByteView OutboundConnection::raw_octets() const noexcept {
  return header_left_.empty() ? body_.octets() : as_bytes(header_left_);
}

void OutboundConnection::consume_raw(std::size_t count) noexcept {
  if (header_left_.empty())
    body_.consume(count);
  else
    header_left_.remove_prefix(count);
}

bool OutboundConnection::move_output() noexcept {
  const ByteView output = session_.output();
  if (output.empty()) return false;
  const std::size_t taken = stream_->write(output);
  session_.output_sent(taken);
  return taken > 0;
}

std::optional<smtp::MessageResult> OutboundConnection::take_result() {
  if (job_ == nullptr || body_.reading()) return {};
  return session_.take_result();
}

Job* OutboundConnection::release_job() noexcept {
  body_.stop();
  starved_link.unlink();
  header_left_ = {};
  downgrade_.reset();
  return std::exchange(job_, nullptr);
}

void OutboundConnection::shut(bool orderly) noexcept {
  SLUICE_ASSERT(job_ == nullptr && !body_.reading());
  timer.cancel();
  idle_link.unlink();
  starved_link.unlink();
  if (orderly && connection_->state() == net::Connection::State::open) {
    if (tls_) tls_->session().close();
    connection_->close();
  } else {
    connection_->abort();
  }
  tls_.reset();
  transport_->release(*connection_);
  connection_ = nullptr;
  phase_ = Phase::unused;
}

}  // namespace sluice::delivery
