// Plays a script against the stack behind the C interface, in virtual time.
#pragma once

#include <deque>
#include <memory>
#include <stdexcept>

#include "tests/tcp_script/flow.h"
#include "tests/tcp_script/profile.h"
#include "tests/tcp_test_abi/slt_abi.h"

namespace sluice::script {

// What did not happen as the script says.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Something that the stack or the runner has no counterpart for.
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The octet at this place of a stream, either way.
constexpr std::uint8_t pattern(std::uint32_t place) {
  return static_cast<std::uint8_t>(place * 31 + (place >> 8) * 7);
}

class Runner {
 public:
  explicit Runner(const Script& script);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  void run();  // throws Failure or Unsupported
  const std::vector<std::string>& trace() const { return trace_; }

 private:
  // A call that waits for something, as a blocked thread does.
  struct Blocked {
    const Event* event;
    std::int64_t due_us;    // when it must return
    std::int64_t done = 0;  // octets transferred so far
  };

  // events: runner.cc
  void play(const Event& event);
  std::int64_t begin_time(const Event& event);
  void advance(std::int64_t to_us);
  void inject(const TcpPacket& packet);
  void inject(const IcmpPacket& packet);
  void expect(const Event& event, const TcpPacket& expected);
  void check(const Check& check);
  void command(const Command& command);
  bool wait_for_output(std::int64_t until_us);
  void collect();
  void verify_time(std::int64_t at_us, std::int64_t from_us, std::int64_t until_us,
                   const std::string& what) const;
  Departed take_segments(const TcpPacket& expected);
  void begin_flow();
  void note(const std::string& text);

  // system calls: calls.cc
  void call(const Event& event, const Call& call);
  void retry_blocked();
  bool attempt(Blocked& blocked);
  std::int64_t execute(const Call& call, std::int64_t done);
  std::int64_t do_socket(const Call& call);
  std::int64_t do_bind(const Call& call);
  std::int64_t do_listen(const Call& call);
  std::int64_t do_accept(const Call& call);
  std::int64_t do_connect(const Call& call);
  std::int64_t do_read(const Call& call, int flags);
  std::int64_t do_write(const Call& call, std::int64_t count, int flags);
  std::int64_t do_getsockopt(const Call& call);
  std::int64_t do_setsockopt(const Call& call);
  std::int64_t do_fcntl(const Call& call);
  std::int64_t do_ioctl(const Call& call);
  std::int64_t do_poll(const Call& call);
  int descriptor(const Call& call) const;
  bool would_block(std::int64_t result) const;

  const Script& script_;
  Profile profile_;
  slt_stack* stack_;
  Flow flow_;
  bool listening_ = false;  // the next packet begins a new connection
  int info_descriptor_ = -1;
  std::map<std::int64_t, int> descriptors_;  // script's -> interface's
  std::map<std::int64_t, bool> non_blocking_;
  std::map<int, std::uint64_t> written_;  // octets, by descriptor of the interface
  std::int64_t now_us_ = 0;
  std::int64_t last_event_us_ = 0;
  std::deque<Departed> departed_;
  std::vector<Blocked> blocked_;
  std::vector<std::string> trace_;
};

}  // namespace sluice::script
