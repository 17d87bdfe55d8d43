// A sender and a receiver that do nothing but move octets, for the tables of goodput.
#pragma once

#include <array>
#include <map>

#include "tests/support/wire/network.h"

namespace sluice::net::test {

// Writes `total` octets and closes.
class BulkSender {
 public:
  BulkSender(Host& host, const Endpoint& remote, std::uint64_t total)
      : stack_(*host.stack),
        left_(total),
        connection_(stack_.connect(remote, 1).value_or(nullptr)) {}

  void work() {
    while (stack_.next_ready() != nullptr) {
    }
    if (connection_ == nullptr) return;
    if (connection_->state() == Connection::State::open) write();
    if (left_ > 0 && connection_->state() != Connection::State::failed) return;
    connection_->close();
    stack_.release(*connection_);
    connection_ = nullptr;
  }

 private:
  void write() {
    static constexpr std::array<std::uint8_t, 16'384> kOctets{};
    for (std::size_t taken = 1; left_ > 0 && taken > 0; left_ -= taken)
      taken = connection_->write({kOctets.data(), std::min<std::uint64_t>(left_, kOctets.size())});
  }

  Transport& stack_;
  std::uint64_t left_;
  Connection* connection_;
};

// Takes what any number of senders bring; counts it by the address of the sender.
class BulkReceiver {
 public:
  BulkReceiver(Host& host, std::uint16_t port) : stack_(*host.stack) {
    listening_ = stack_.listen({IpAddress{}, port}, 1).has_value();
  }

  void work() {
    while (Connection* connection = stack_.next_ready()) {
      connection->owner = 1;
      for (ByteView octets; !(octets = connection->readable()).empty();) {
        received_[connection->remote().address] += octets.size();
        connection->consume(octets.size());
      }
      const bool failed = connection->state() == Connection::State::failed;
      if (!connection->read_finished() && !failed) continue;
      connection->close();
      stack_.release(*connection);
      ++finished_;
    }
  }

  bool listening() const { return listening_; }
  std::size_t finished() const { return finished_; }
  std::uint64_t received(const IpAddress& from) { return received_[from]; }

 private:
  Transport& stack_;
  bool listening_ = false;
  std::size_t finished_ = 0;
  std::map<IpAddress, std::uint64_t> received_;
};

}  // namespace sluice::net::test
