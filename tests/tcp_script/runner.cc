#include "tests/tcp_script/runner.h"

#include <netinet/in.h>

#include <algorithm>

#include "tests/tcp_script/check.h"
#include "tests/tcp_script/cursor.h"
#include "tests/tcp_script/print.h"

namespace sluice::script {
namespace {

constexpr std::uint64_t kStartNs = 1'000'000'000'000;  // on the stack's clock
constexpr std::uint16_t kLocalPort = 8080;
constexpr std::uint16_t kFirstRemotePort = 40'000;
constexpr std::size_t kPacketMax = 65'535;

std::uint64_t clock_of(std::int64_t us) {
  return kStartNs + static_cast<std::uint64_t>(us) * 1'000;
}

std::int64_t script_time(std::uint64_t ns) {
  return static_cast<std::int64_t>((ns - kStartNs) / 1'000);
}

slt_stack* open_stack(const Profile& profile) {
  const char* addresses[] = {profile.local.c_str(), nullptr};
  slt_config config{};
  config.abi_version = SLT_ABI_VERSION;
  config.struct_size = sizeof config;
  config.start_ns = kStartNs;
  config.seed = 1;
  config.mtu = profile.mtu;
  config.addrs = addresses;
  config.options = profile.stack_options.c_str();
  char problem[200] = "";
  slt_stack* stack = slt_open(&config, problem, sizeof problem);
  if (stack == nullptr) throw Unsupported(problem);
  return stack;
}

}  // namespace

Runner::Runner(const Script& script)
    : script_(script),
      profile_(profile_of(script)),
      stack_(open_stack(profile_)),
      flow_({parse_address(profile_.local), parse_address(profile_.remote), kLocalPort,
             kFirstRemotePort}) {}

Runner::~Runner() { slt_close_stack(stack_); }

void Runner::run() {
  for (const Event& event : script_.events) {
    try {
      play(event);
    } catch (const Failure& failure) {
      throw Failure(script_.path + ":" + std::to_string(event.line) + ": " + failure.what());
    } catch (const Unsupported& reason) {
      throw Unsupported(script_.path + ":" + std::to_string(event.line) + ": " + reason.what());
    }
  }
  while (!blocked_.empty()) {
    advance(blocked_.front().due_us);
    if (blocked_.empty()) break;
    const Blocked& late = blocked_.front();
    advance(late.due_us + profile_.tolerance_us);
    if (!blocked_.empty())
      throw Failure(script_.path + ":" + std::to_string(late.event->line) +
                    ": the call has not returned");
  }
}

void Runner::play(const Event& event) {
  const std::int64_t at = begin_time(event);
  if (const auto* packet = std::get_if<TcpPacket>(&event.what); packet && !packet->inbound) {
    expect(event, *packet);
    return;
  }
  advance(std::max(at, now_us_));
  last_event_us_ = at;
  if (const auto* tcp = std::get_if<TcpPacket>(&event.what)) inject(*tcp);
  if (const auto* icmp = std::get_if<IcmpPacket>(&event.what)) inject(*icmp);
  if (const auto* system_call = std::get_if<Call>(&event.what)) call(event, *system_call);
  if (const auto* assertions = std::get_if<Check>(&event.what)) check(*assertions);
  if (const auto* shell = std::get_if<Command>(&event.what)) command(*shell);
}

std::int64_t Runner::begin_time(const Event& event) {
  switch (event.time.kind) {
    case Time::Kind::absolute: return event.time.at;
    case Time::Kind::relative: return last_event_us_ + event.time.at;
    case Time::Kind::any: return now_us_;
  }
  return now_us_;
}

// Every timer has its own turn, so that a blocked call returns at the right time.
void Runner::advance(std::int64_t to_us) {
  for (std::uint64_t due = slt_next_deadline(stack_); due <= clock_of(to_us);
       due = slt_next_deadline(stack_)) {
    slt_advance(stack_, due);
    now_us_ = std::max(now_us_, script_time(due));
    collect();
    retry_blocked();
  }
  now_us_ = std::max(now_us_, to_us);
  slt_advance(stack_, clock_of(now_us_));
  collect();
  retry_blocked();
}

void Runner::collect() {
  std::uint8_t octets[kPacketMax];
  std::uint64_t when = 0;
  while (const ssize_t length = slt_output(stack_, octets, sizeof octets, &when)) {
    if (length < 0) throw Failure("slt_output gives " + std::to_string(length));
    Departed packet = read_packet({octets, static_cast<std::size_t>(length)});
    packet.at_us = script_time(when);
    if (!packet.fault.empty()) throw Failure("a packet left with " + packet.fault);
    if (packet.is_tcp) departed_.push_back(std::move(packet));
  }
}

void Runner::note(const std::string& text) { trace_.push_back(seconds_text(now_us_) + " " + text); }

// The first packet to a listener comes from a peer of its own.
void Runner::begin_flow() {
  Peers peers = flow_.peers;
  ++peers.remote_port;
  flow_ = Flow(peers);
}

void Runner::inject(const TcpPacket& packet) {
  if (listening_) {
    begin_flow();
    listening_ = false;
  }
  note(text_of(packet));
  std::vector<std::uint8_t> data(packet.payload);
  for (std::uint32_t i = 0; i < packet.payload; ++i) data[i] = pattern(packet.sequence + i - 1);
  const Octets octets = write_tcp(flow_.peers, flow_.to_wire(packet), data);
  if (octets.size() > kPacketMax) throw Unsupported("the packet is larger than IP allows");
  if (const int error = slt_input(stack_, octets.data(), octets.size()))
    throw Failure("slt_input gives " + std::to_string(error));
  collect();
  retry_blocked();
}

void Runner::inject(const IcmpPacket& packet) {
  note(text_of(packet));
  const Octets octets = write_icmp(flow_.peers, flow_.to_wire(packet));
  if (const int error = slt_input(stack_, octets.data(), octets.size()))
    throw Failure("slt_input gives " + std::to_string(error));
  collect();
  retry_blocked();
}

bool Runner::wait_for_output(std::int64_t until_us) {
  collect();
  while (departed_.empty()) {
    const std::uint64_t due = slt_next_deadline(stack_);
    if (due > clock_of(until_us)) return false;
    advance(std::max(now_us_, script_time(due + 999)));
  }
  return true;
}

// A script may expect several segments as one, as they are seen where the network card cuts them.
Departed Runner::take_segments(const TcpPacket& expected) {
  Departed whole = std::move(departed_.front());
  departed_.pop_front();
  while (whole.tcp.payload > 0 && whole.tcp.payload < expected.payload && !departed_.empty()) {
    const Departed& next = departed_.front();
    if (next.tcp.sequence != whole.tcp.sequence + whole.tcp.payload || next.tcp.payload == 0 ||
        next.tcp.payload > expected.payload - whole.tcp.payload)
      break;
    whole.tcp.payload += next.tcp.payload;
    whole.tcp.flags |= next.tcp.flags;
    whole.data.insert(whole.data.end(), next.data.begin(), next.data.end());
    departed_.pop_front();
  }
  return whole;
}

void Runner::expect(const Event& event, const TcpPacket& expected) {
  const bool any = event.time.kind == Time::Kind::any;
  const std::int64_t from = begin_time(event);
  const std::int64_t base = event.time.kind == Time::Kind::relative ? last_event_us_ : 0;
  const std::int64_t until = event.time.until ? base + *event.time.until : from;
  const std::int64_t limit = any ? INT64_MAX / 2'000 : until + profile_.tolerance_us;
  if (!wait_for_output(limit)) {
    note("nothing came");
    throw Failure("expected " + text_of(expected) + ", but nothing came until " +
                  seconds_text(limit));
  }
  const Departed actual = take_segments(expected);
  if (flow_.peers.local_port != actual.local_port && (actual.tcp.flags & kSyn) != 0)
    flow_.peers.local_port = actual.local_port;
  const TcpPacket told = flow_.to_script(actual.tcp, &expected);
  note(text_of(told));
  if (actual.remote_port != flow_.peers.remote_port)
    throw Failure("expected " + text_of(expected) + ", came " + text_of(told) +
                  " to another port of the peer");
  if (const std::string field = difference(expected, told); !field.empty())
    throw Failure("expected " + text_of(expected) + ", came " + text_of(told) + ": the " + field +
                  " differ");
  for (std::uint32_t i = 0; i < told.payload; ++i)
    if (actual.data[i] != pattern(told.sequence + i - 1))
      throw Failure("octet " + std::to_string(i) + " of " + text_of(told) +
                    " is not what was written");
  if (!any) verify_time(actual.at_us, from, until, text_of(told));
  last_event_us_ = any || event.time.until ? actual.at_us : from;
}

void Runner::verify_time(std::int64_t at_us, std::int64_t from_us, std::int64_t until_us,
                         const std::string& what) const {
  if (at_us >= from_us - profile_.tolerance_us && at_us <= until_us + profile_.tolerance_us) return;
  throw Failure(what + " came at " + seconds_text(at_us) + ", expected at " +
                seconds_text(from_us) + (until_us > from_us ? "~" + seconds_text(until_us) : ""));
}

void Runner::check(const Check& check) {
  note("%{" + check.text + "}%");
  tcp_info info{};
  socklen_t size = sizeof info;
  const int error = slt_getsockopt(stack_, info_descriptor_, IPPROTO_TCP, TCP_INFO, &info, &size);
  if (error < 0) throw Failure("TCP_INFO gives " + std::to_string(error));
  try {
    const std::string failed = check_info(check.text, info);
    if (!failed.empty()) throw Failure(failed);
  } catch (const Failure&) {
    throw;
  } catch (const std::runtime_error& reason) {
    throw Unsupported(reason.what());
  }
}

// Settings were looked at before the start. What is left with a meaning here: FreeBSD's scripts
// count connections by their state.
void Runner::command(const Command& command) {
  note("`" + command.text + "`");
  const std::size_t counted = command.text.find("grep -c ");
  if (command.text.find("sockstat") == std::string::npos || counted == std::string::npos) return;
  Cursor in(std::string_view(command.text).substr(counted + 8));
  const std::string state = in.word();
  in.expect("|");
  in.expect("grep");
  const auto wanted = static_cast<std::uint32_t>(in.number());
  slt_stats stats{};
  stats.struct_size = sizeof stats;
  slt_stats_get(stack_, &stats);
  const bool differs = (state == "TIME_WAIT" && stats.time_wait != wanted) ||
                       (state == "SYN_RCVD" && stats.syn_received != wanted);
  if (differs)
    throw Failure("expected " + std::to_string(wanted) + " connections in " + state +
                  ", there are " +
                  std::to_string(state == "TIME_WAIT" ? stats.time_wait : stats.syn_received));
}

}  // namespace sluice::script
