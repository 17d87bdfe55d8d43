// One core's delivery with everything around it: queue, peers, clock and log are the test's.
#pragma once

#include <map>
#include <string>

#include "engine/delivery/delivery.h"
#include "tests/delivery/fake_shard.h"
#include "tests/delivery/fake_transport.h"

namespace sluice::delivery {

class EventLog final : public mail::EventSink {
 public:
  void emit(const mail::Event& event) noexcept override {
    ++count[event.kind];
    last[event.kind] = {std::string(event.text[0]), std::string(event.text[1]),
                        std::string(event.text[2])};
    last_event[event.kind] = event;
  }
  std::map<mail::EventKind, int> count;
  std::map<mail::EventKind, std::array<std::string, 3>> last;
  std::map<mail::EventKind, mail::Event> last_event;  // its texts are gone
};

class DeliveryWorld : public testing::Test {
 protected:
  static constexpr std::string_view kFirst = "192.0.2.1:25";
  static constexpr std::string_view kSecond = "192.0.2.2:25";
  static constexpr std::string_view kOther = "192.0.2.3:25";

  DeliveryWorld() {
    config.hostname = "mx.example.net";
    config.routes = {{.domain = "example.com",
                      .next_hops = {*Endpoint::parse(kFirst), *Endpoint::parse(kSecond)}},
                     {.domain = "example.org", .next_hops = {*Endpoint::parse(kOther)}}};
    config.delivery.connections = 8;
    config.delivery.connections_per_destination = 3;
  }

  void start() {
    delivery = Delivery::create({&config, &shard, [this](std::string_view) { return &transport; },
                                 &events, &blocks, &mids, &dcids});
  }
  Mid put(std::vector<std::string> recipients, std::string body = "Subject: x\r\n\r\nhello\r\n",
          std::string_view sender = "from@example.org") {
    return shard.put(sender, std::move(recipients), std::move(body), clock.wall());
  }
  // Lets everything happen that can happen without the clock.
  void settle() {
    if (delivery == nullptr) start();
    for (int turn = 0; turn < 10'000; ++turn) {
      std::size_t work = transport.poll(clock.now());
      while (net::Connection* connection = transport.next_ready()) {
        ++work;
        delivery->on_ready(*connection, clock.now(), clock.wall());
      }
      queueing::Shard::Committed done;
      for (; shard.next_committed(done); ++work)
        delivery->notice_committed(done.mid, done.result.has_value(), clock.wall());
      queueing::Shard::ReadDone read;
      for (; shard.next_read(read); ++work) delivery->read_done(read, clock.now(), clock.wall());
      work += delivery->poll(clock.now(), clock.wall());
      if (work == 0) return;
    }
    FAIL() << "never comes to rest";
  }
  void pass(Duration duration) {
    clock.advance(duration);
    settle();
  }
  FakeHost& first() { return transport.host(kFirst); }
  FakeHost& second() { return transport.host(kSecond); }
  FakeHost& other() { return transport.host(kOther); }
  int seen(mail::EventKind kind) { return events.count[kind]; }

  config::Config config;
  ManualClock clock;
  FakeShard shard;
  FakeTransport transport;
  EventLog events;
  BlockPool blocks{16};
  IdSequence mids{1'000, 1};
  IdSequence dcids{1, 1};
  std::unique_ptr<Delivery> delivery;  // goes first
};

}  // namespace sluice::delivery
