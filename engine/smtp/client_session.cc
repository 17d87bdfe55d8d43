// The connection of a client session: greeting, EHLO or HELO, body, QUIT, failure. The transaction
// is in client_transaction.cc.
#include "engine/smtp/client_session.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/base/contract.h"

namespace sluice::smtp {

namespace {

constexpr std::size_t kBodyRoomMin = 512;  // below this the body waits for the output to drain
constexpr std::size_t kFailureBytesMax = 512;

// "BDAT 0000001460\r\n": of one length, so that it can be written when the chunk is known.
constexpr std::size_t kChunkHeadBytes = 17;
constexpr std::size_t kEndRoom = 16;  // kept free for the end of the message, in either form
static_assert(kEndRoom >= BodyWriter::kEndBytesMax);

void write_chunk_head(std::size_t octets, MutableBytes out) noexcept {
  constexpr std::string_view kHead = "BDAT 0000000000\r\n";
  static_assert(kHead.size() == kChunkHeadBytes);
  std::memcpy(out.data(), kHead.data(), kHead.size());
  for (std::size_t at = kChunkHeadBytes - 3; octets > 0; --at, octets /= 10)
    out[at] = static_cast<std::uint8_t>('0' + octets % 10);
}

}  // namespace

void ClientSession::open(const ClientSettings& settings, Instant now) {
  settings_ = settings;
  reply_.clear();
  capabilities_ = {};
  failure_.clear();
  failure_code_ = 0;
  under_way_ = result_ready_ = reset_needed_ = encrypted_ = auth_trouble_ = false;
  tls_trouble_ = TlsTrouble::none;
  result_.recipients.clear();
  out_.resize(kOutputBytesMax);
  out_begin_ = out_end_ = 0;
  const bool implicit = settings_.tls == ClientTls::implicit;
  expect(implicit ? State::handshake : State::greeting, settings_.greeting_timeout, now);
}

void ClientSession::expect(State next, Duration timeout, Instant now) noexcept {
  state_ = next;
  deadline_ = now + timeout;
}

std::size_t ClientSession::receive(ByteView input, Instant now) {
  if (state_ == State::handshake) return 0;
  std::size_t taken = 0;
  while (taken < input.size() && state_ != State::finished) {
    const ReplyReader::Result result = reply_.read(input.subspan(taken));
    taken += result.consumed;
    if (result.status == ReplyReader::Status::malformed) give_up("peer sent no SMTP reply");
    if (result.status == ReplyReader::Status::whole) on_reply(now);
    // What came behind the 220 in the clear is left to TLS, which takes none of it for a record.
    if (state_ == State::handshake) return taken;
  }
  return input.size();
}

void ClientSession::on_reply(Instant now) {
  if (state_ == State::quitting) {
    state_ = State::finished;
    return;
  }
  if (reply_.code() == 421) return give_up_by_reply();  // RFC 5321 3.8: the peer closes
  switch (state_) {
    case State::greeting:
    case State::ehlo:
    case State::helo: return on_hello_reply(now);
    case State::starttls: return on_starttls_reply(now);
    case State::auth:
    case State::auth_user:
    case State::auth_password: return on_auth_reply(now);
    case State::envelope: return on_envelope_reply(now);
    case State::done:
      return chunking_ && chunks_unanswered_ > 1 ? on_chunk_reply(now) : on_final_reply(now);
    case State::abandon: return conclude();
    case State::body:
      if (chunking_) return on_chunk_reply(now);
      // It will not take the message and has said so early; without it the dot must not follow.
      if (reply_.code() >= 400)
        resolve_open(reply_.code() < 500 ? Outcome::deferred : Outcome::failed, reply_.code(),
                     reply_text());
      return give_up("peer answered before the end of the message: " + reply_text());
    case State::handshake:
    case State::ready:
    case State::quitting:
    case State::finished: break;
  }
  give_up("peer sent a reply to nothing: " + reply_text());
}

void ClientSession::on_hello_reply(Instant now) {
  const std::uint16_t code = reply_.code();
  if (state_ == State::ehlo && code >= 500) return on_ehlo_refused(now);
  const bool expected = state_ == State::greeting ? code == 220 : code == 250;
  if (!expected) return give_up_by_reply();
  if (state_ == State::greeting) return send_hello(now);
  if (state_ == State::ehlo) {
    capabilities_ = parse_capabilities(reply_.text());
    if (begin_tls(now)) return;
  }
  if (begin_auth(now)) return;
  greeted();
}

void ClientSession::on_ehlo_refused(Instant now) {
  if (settings_.tls != ClientTls::never && !encrypted_) tls_trouble_ = TlsTrouble::no_ehlo;
  if (settings_.tls == ClientTls::required && !encrypted_) return give_up_by_reply();
  if (settings_.lmtp) return give_up_by_reply();  // RFC 2033 4.1: there is no HELO
  send_hello("HELO ", State::helo, now);
}

void ClientSession::greeted() noexcept {
  state_ = State::ready;
  deadline_ = Instant::never();
}

void ClientSession::send_hello(Instant now) {
  send_hello(settings_.lmtp ? "LHLO " : "EHLO ", State::ehlo, now);
}

void ClientSession::send_hello(std::string_view verb, State next, Instant now) {
  put(verb);
  put(std::string_view(settings_.hostname).substr(0, 255));
  put("\r\n");
  expect(next, settings_.command_timeout, now);
}

bool ClientSession::ready() const noexcept { return state_ == State::ready && !under_way_; }

bool ClientSession::wants_body() const noexcept {
  return state_ == State::body && room() >= kBodyRoomMin + kEndRoom;
}

std::size_t ClientSession::body(ByteView octets, Instant now) {
  if (!wants_body()) return 0;
  const MutableBytes out = space();
  const std::size_t head = chunking_ ? kChunkHeadBytes : 0;
  const auto step = writer_.write(octets, out.subspan(head, out.size() - head - kEndRoom));
  if (chunking_ && step.produced > 0) {
    write_chunk_head(step.produced, out);
    ++chunks_unanswered_;
  }
  if (step.produced > 0) out_end_ += head + step.produced;
  deadline_ = now + settings_.data_block_timeout;
  return step.consumed;
}

void ClientSession::body_end(Instant now) {
  if (state_ != State::body) return;
  if (chunking_) {
    std::uint8_t end[BodyWriter::kEndBytesMax];
    const std::size_t length = writer_.finish(end);
    put(length == 0 ? "BDAT 0 LAST\r\n" : "BDAT 2 LAST\r\n");
    put(as_text({end, length}));
    ++chunks_unanswered_;
  } else {
    out_end_ += writer_.finish(space());
  }
  expect(State::done, settings_.data_done_timeout, now);
}

void ClientSession::body_failed(Instant) {
  if (state_ == State::body) give_up("4.3.0 Message could not be read");
}

void ClientSession::body_refused(std::string_view reply) {
  resolve_open(Outcome::failed, 0, reply);
  if (state_ == State::body) give_up("message cannot be converted for this peer");
}

void ClientSession::connection_lost(std::string_view reason, Instant) {
  if (state_ == State::quitting) state_ = State::finished;
  if (state_ == State::finished) return;
  give_up("connection lost: " + std::string(reason));
}

void ClientSession::on_deadline(Instant now) {
  if (now < deadline()) return;
  if (state_ == State::quitting) {
    state_ = State::finished;
    return;
  }
  const char* awaited = "a reply";
  if (state_ == State::greeting) awaited = "the greeting";
  if (state_ == State::handshake) {
    tls_trouble_ = TlsTrouble::failed;
    awaited = "the TLS handshake";
  }
  if (state_ == State::done) awaited = "the reply to the message";
  if (state_ == State::body) awaited = "the peer to take the message";
  give_up("timed out waiting for " + std::string(awaited));
}

void ClientSession::quit(Instant now) {
  if (state_ == State::finished || state_ == State::quitting) return;
  if (state_ != State::ready) return give_up("connection given up");
  put("QUIT\r\n");
  expect(State::quitting, settings_.command_timeout, now);
}

// What is not decided is deferred; nothing of the output, least of all a final dot, may follow.
void ClientSession::give_up(std::string_view failure, std::uint16_t code) {
  failure_ = failure.substr(0, kFailureBytesMax);
  failure_code_ = code;
  state_ = State::finished;
  out_begin_ = out_end_ = 0;
  if (!under_way_ || result_ready_) return;
  resolve_open(Outcome::deferred, code, failure_);
  result_ready_ = true;
}

void ClientSession::give_up_by_reply() { give_up(reply_text(), reply_.code()); }

// One line for logs and DSNs: "550 5.1.1 User unknown".
std::string ClientSession::reply_text() const {
  std::string text = std::to_string(reply_.code()) + " ";
  text += reply_.text().substr(0, kFailureBytesMax);
  for (char& c : text)
    if ((c >= 0 && c < ' ') || c == 127) c = ' ';
  return text;
}

bool ClientSession::finished() const noexcept { return state_ == State::finished; }
std::string_view ClientSession::failure() const noexcept { return failure_; }

Instant ClientSession::deadline() const noexcept {
  return state_ == State::finished ? Instant::never() : deadline_;
}

ByteView ClientSession::output() const noexcept {
  return {out_.data() + out_begin_, out_end_ - out_begin_};
}

void ClientSession::output_sent(std::size_t count) noexcept {
  SLUICE_ASSERT(count <= out_end_ - out_begin_);
  out_begin_ += count;
  if (out_begin_ == out_end_) out_begin_ = out_end_ = 0;
  send_commands();
}

// The free end of the output, at least room() - out_begin_ octets; moves what waits to the front.
MutableBytes ClientSession::space() noexcept {
  if (out_begin_ > 0) {
    std::memmove(out_.data(), out_.data() + out_begin_, out_end_ - out_begin_);
    out_end_ -= out_begin_;
    out_begin_ = 0;
  }
  return MutableBytes(out_).subspan(out_end_);
}

void ClientSession::put(std::string_view text) noexcept {
  if (text.empty()) return;
  const MutableBytes out = space();
  SLUICE_ASSERT(text.size() <= out.size());
  std::memcpy(out.data(), text.data(), text.size());
  out_end_ += text.size();
}

}  // namespace sluice::smtp
