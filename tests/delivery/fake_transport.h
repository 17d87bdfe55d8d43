// A transport whose peers are small scripted mail servers: each host answers by a table that the
// test sets, and keeps what it was given.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <set>
#include <string>

#include "engine/net/transport.h"

namespace sluice::delivery {

struct FakeHost {
  // The reply to a command line, or to "CONNECT", "." and "BDAT"; empty = the default; "drop" =
  // hang up, "silent" = no answer from then on.
  std::function<std::string(const std::string& command)> script = [](const auto&) { return ""; };
  bool refuses = false;          // RST to our SYN
  bool answers = true;           // to our SYN at all
  std::size_t window = 1 << 20;  // octets that one flush takes
  std::string extensions = "250-PIPELINING\r\n250 8BITMIME\r\n";
  // It vanishes when it has sent or got so many octets, in all its connections.
  std::size_t sends_until = SIZE_MAX;
  std::size_t reads_until = SIZE_MAX;
  std::size_t sent = 0;
  std::size_t read = 0;
  std::vector<std::string> commands;
  std::vector<std::string> messages;  // of DATA, as they came
  std::size_t open = 0;
  std::size_t most_open = 0;
  std::size_t connections = 0;
};

class FakeConnection final : public net::Connection {
 public:
  FakeConnection(FakeHost& host, Endpoint remote) : host_(host), remote_(remote) {}

  State state() const noexcept override { return state_; }
  net::NetError error() const noexcept override { return error_; }
  ByteView readable() noexcept override { return as_bytes(to_us_); }
  void consume(std::size_t count) noexcept override { to_us_.erase(0, count); }
  bool read_finished() const noexcept override { return peer_closed_ && to_us_.empty(); }
  std::size_t unread() const noexcept override { return to_us_.size(); }
  std::size_t copy(MutableBytes out) const noexcept override {
    return to_us_.copy(reinterpret_cast<char*>(out.data()), out.size());
  }
  bool input_ended() const noexcept override { return peer_closed_; }
  std::size_t write(ByteView octets) noexcept override {
    const std::size_t taken = std::min(octets.size(), write_space());
    from_us_ += as_text(octets.first(taken));
    return taken;
  }
  std::size_t write_space() const noexcept override {
    return host_.window - std::min(host_.window, from_us_.size());
  }
  bool write_drained() const noexcept override { return from_us_.empty(); }
  void close() noexcept override { end(); }
  void abort() noexcept override { end(); }
  Endpoint local() const noexcept override { return *Endpoint::parse("192.0.2.99:40000"); }
  Endpoint remote() const noexcept override { return remote_; }

  // Connects, or lets the server read and answer. Returns whether anything changed.
  bool run() {
    if (state_ == State::failed || ended_) return false;
    if (state_ == State::opening) return run_opening();
    if (peer_closed_ || from_us_.empty()) return false;
    const std::size_t read = std::min(from_us_.size(), host_.reads_until - host_.read);
    pending_ += from_us_.substr(0, read);
    host_.read += read;
    from_us_.clear();
    while (!peer_closed_ && serve_line()) {
    }
    if (host_.read == host_.reads_until) hang_up();
    return true;
  }
  bool released = false;

 private:
  bool run_opening() {
    if (!host_.answers) return false;
    if (host_.refuses) {
      state_ = State::failed;
      error_ = net::NetError::refused;
      return true;
    }
    state_ = State::open;
    host_.most_open = std::max(host_.most_open, ++host_.open);
    ++host_.connections;
    answer("CONNECT", "220 mx.test ESMTP\r\n");
    return true;
  }
  bool serve_line() {
    if (chunk_left_ > 0 || last_chunk_) return serve_chunk();
    if (in_data_) return serve_data();
    const std::size_t end = pending_.find("\r\n");
    if (end == std::string::npos) return false;
    const std::string line = pending_.substr(0, end);
    pending_.erase(0, end + 2);
    host_.commands.push_back(line);
    const std::string verb = line.substr(0, 4);
    if (verb == "EHLO") {
      answer(line, "250-mx.test\r\n" + host_.extensions);
    } else if (verb == "BDAT") {
      chunk_left_ = std::stoul(line.substr(5));
      last_chunk_ = line.ends_with(" LAST");
      if (chunk_left_ == 0 && !last_chunk_) answer("BDAT", "250 2.0.0 ok\r\n");
    } else if (verb == "DATA") {
      in_data_ = answer(line, recipients_ > 0 ? "354 go\r\n" : "503 no recipient\r\n")[0] == '3';
      if (in_data_) data_head_ = "\r\n";  // so that a lone dot is an end, too
    } else if (verb == "QUIT") {
      answer(line, "221 2.0.0 bye\r\n");
      hang_up();
    } else {
      const bool accepted = answer(line, "250 2.1.0 ok\r\n")[0] == '2';
      if (verb == "MAIL") recipients_ = 0;
      if (verb == "RCPT" && accepted) ++recipients_;
    }
    return true;
  }
  bool serve_data() {
    pending_.insert(0, data_head_);
    data_head_.clear();
    const std::size_t end = pending_.find("\r\n.\r\n");
    if (end == std::string::npos) return false;
    host_.messages.push_back(pending_.substr(2, end));
    pending_.erase(0, end + 5);
    in_data_ = false;
    answer(".", "250 2.0.0 queued\r\n");
    return true;
  }
  bool serve_chunk() {
    const std::size_t taken = std::min(chunk_left_, pending_.size());
    chunks_ += pending_.substr(0, taken);
    pending_.erase(0, taken);
    chunk_left_ -= taken;
    if (chunk_left_ > 0) return false;
    if (last_chunk_) host_.messages.push_back(std::exchange(chunks_, {}));
    const bool last = std::exchange(last_chunk_, false);
    answer(last ? "." : "BDAT", "250 2.0.0 ok\r\n");
    return true;
  }
  std::string answer(const std::string& command, std::string usual) {
    const std::string scripted = host_.script(command);
    if (scripted == "drop") hang_up();
    if (scripted == "silent") mute_ = true;
    if (mute_ || peer_closed_) return "-";
    if (!scripted.empty()) usual = scripted + "\r\n";
    const std::size_t left = host_.sends_until - host_.sent;
    to_us_ += usual.substr(0, left);
    host_.sent += std::min(left, usual.size());
    if (usual.size() >= left) hang_up();
    return usual;
  }
  void hang_up() {
    if (!peer_closed_) --host_.open;
    peer_closed_ = true;
  }
  void end() noexcept {
    if (state_ == State::open && !peer_closed_) hang_up();
    ended_ = true;
  }

  FakeHost& host_;
  Endpoint remote_;
  State state_ = State::opening;
  net::NetError error_{};
  std::string to_us_;
  std::string from_us_;
  std::string pending_;  // with the server, not yet understood
  int recipients_ = 0;   // accepted of the transaction
  bool in_data_ = false;
  std::string data_head_;
  std::string chunks_;
  std::size_t chunk_left_ = 0;
  bool last_chunk_ = false;
  bool mute_ = false;  // from now on
  bool peer_closed_ = false;
  bool ended_ = false;
};

class FakeTransport final : public net::Transport {
 public:
  FakeHost& host(std::string_view endpoint) { return hosts_[*Endpoint::parse(endpoint)]; }

  std::expected<void, net::NetError> listen(Endpoint, std::uint32_t) override { return {}; }
  void stop_listening() noexcept override {}
  std::expected<net::Connection*, net::NetError> connect(Endpoint remote,
                                                         std::uint64_t owner) override {
    if (exhausted) return std::unexpected(net::NetError::no_resources);
    connections_.emplace_back(hosts_[remote], remote);
    connections_.back().owner = owner;
    return &connections_.back();
  }
  std::size_t poll(Instant) noexcept override {
    std::size_t changed = 0;
    std::erase_if(connections_, [](const auto& connection) { return connection.released; });
    for (FakeConnection& connection : connections_) {
      if (!connection.run()) continue;
      ready_.push_back(&connection);
      ++changed;
    }
    return changed;
  }
  net::Connection* next_ready() noexcept override {
    if (ready_.empty()) return nullptr;
    FakeConnection* connection = ready_.front();
    ready_.pop_front();
    return connection;
  }
  void requeue(net::Connection& connection) noexcept override {
    ready_.push_back(static_cast<FakeConnection*>(&connection));
  }
  void flush(Instant) noexcept override {}
  void release(net::Connection& connection) noexcept override {
    static_cast<FakeConnection&>(connection).released = true;
    ready_.remove(static_cast<FakeConnection*>(&connection));
  }
  Instant next_deadline() const noexcept override { return Instant::never(); }
  int wait_descriptor() const noexcept override { return -1; }
  std::size_t open_connections() const noexcept override {
    std::size_t count = 0;
    for (const FakeConnection& connection : connections_) count += connection.released ? 0 : 1;
    return count;
  }

  bool exhausted = false;

 private:
  std::map<Endpoint, FakeHost> hosts_;
  std::list<FakeConnection> connections_;
  std::list<FakeConnection*> ready_;
};

}  // namespace sluice::delivery
