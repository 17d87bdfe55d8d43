// A transport whose far end is an SMTP server in memory: what the generator is tested against.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "engine/net/transport.h"
#include "engine/smtp/server_session.h"

namespace sluice::load {

struct MemoryServerPlan {
  std::uint16_t reply = 250;
  std::uint64_t vanish_at = 0;  // this message (1, 2, …) loses its connection at its final dot
  bool refuse_connections = false;
  std::size_t write_space = 64 * 1024;  // octets taken by one write
};

class MemoryServer final : public net::Transport {
 public:
  explicit MemoryServer(MemoryServerPlan plan) : plan_(plan) { settings_.hostname = "mx.test"; }

  std::expected<void, net::NetError> listen(Endpoint, std::uint32_t) override { return {}; }
  void stop_listening() noexcept override {}
  std::expected<net::Connection*, net::NetError> connect(Endpoint, std::uint64_t owner) override {
    if (plan_.refuse_connections) return std::unexpected(net::NetError::refused);
    links_.push_back(std::make_unique<Link>(*this));
    links_.back()->owner = owner;
    ready_.push_back(links_.back().get());
    return links_.back().get();
  }
  std::size_t poll(Instant now) noexcept override {
    now_ = now;
    return ready_.size();
  }
  net::Connection* next_ready() noexcept override {
    if (ready_.empty()) return nullptr;
    Link* link = ready_.front();
    ready_.pop_front();
    return link;
  }
  void requeue(net::Connection& connection) noexcept override {
    ready_.push_back(static_cast<Link*>(&connection));
  }
  void flush(Instant) noexcept override {
    for (const auto& link : links_)
      if (!link->released && link->exchange()) ready_.push_back(link.get());
  }
  void release(net::Connection& connection) noexcept override {
    static_cast<Link&>(connection).released = true;
    std::erase(ready_, &static_cast<Link&>(connection));
  }
  Instant next_deadline() const noexcept override { return Instant::never(); }
  int wait_descriptor() const noexcept override { return -1; }
  std::size_t open_connections() const noexcept override { return links_.size(); }

  std::uint64_t messages = 0;
  std::size_t longest_write = 0;
  std::string wire;  // everything written by clients

 private:
  class Link final : public net::Connection, public smtp::ServerHandler {
   public:
    explicit Link(MemoryServer& world) : world_(world) {
      session_.open(world.settings_, *this, {}, world.now_);
      replies_ = as_text(session_.output());
      session_.output_sent(replies_.size());
    }
    bool exchange() {  // true: the client has something to look at
      if (pending_.empty()) return false;
      const std::size_t taken = session_.receive(as_bytes(pending_), world_.now_);
      pending_.erase(0, taken);
      if (ended_) {
        ended_ = false;
        vanished_ = ++world_.messages == world_.plan_.vanish_at;
        session_.complete_message({world_.plan_.reply, "", "as planned"}, world_.now_);
      }
      replies_ += as_text(session_.output());
      session_.output_sent(session_.output().size());
      return true;
    }
    bool released = false;

    State state() const noexcept override { return vanished_ ? State::failed : State::open; }
    net::NetError error() const noexcept override { return net::NetError::reset; }
    ByteView readable() noexcept override { return as_bytes(replies_); }
    void consume(std::size_t count) noexcept override { replies_.erase(0, count); }
    bool read_finished() const noexcept override { return false; }
    std::size_t unread() const noexcept override { return replies_.size(); }
    std::size_t copy(MutableBytes out) const noexcept override {
      return replies_.copy(reinterpret_cast<char*>(out.data()), out.size());
    }
    bool input_ended() const noexcept override { return false; }
    std::size_t write(ByteView octets) noexcept override {
      const std::size_t taken = std::min(octets.size(), world_.plan_.write_space);
      world_.longest_write = std::max(world_.longest_write, taken);
      pending_ += as_text(octets.first(taken));
      world_.wire += as_text(octets.first(taken));
      return taken;
    }
    std::size_t write_space() const noexcept override { return world_.plan_.write_space; }
    bool write_drained() const noexcept override { return pending_.empty(); }
    void close() noexcept override {}
    void abort() noexcept override {}
    Endpoint local() const noexcept override { return {}; }
    Endpoint remote() const noexcept override { return {}; }

    std::optional<smtp::Reply> check_sender(std::string_view,
                                            const mail::SenderParameters&) override {
      return std::nullopt;
    }
    std::optional<smtp::Reply> check_recipient(const mail::Recipient&) override {
      return std::nullopt;
    }
    std::optional<smtp::Reply> begin_message(const mail::Envelope&) override {
      return std::nullopt;
    }
    MutableBytes message_space() override { return space_; }
    void message_written(std::size_t) override {}
    void end_message() override { ended_ = true; }
    void abort_message(std::string_view) override {}
    void recipient_refused(const mail::Recipient&, const smtp::Reply&) override {}
    void early_talker(ByteView) override {}

   private:
    MemoryServer& world_;
    smtp::ServerSession session_;
    std::string pending_, replies_;
    std::array<std::uint8_t, 4096> space_{};
    bool ended_ = false, vanished_ = false;
  };

  MemoryServerPlan plan_;
  smtp::ServerSettings settings_;
  std::vector<std::unique_ptr<Link>> links_;
  std::deque<Link*> ready_;
  Instant now_{};
};

}  // namespace sluice::load
