// The congestion window (RFC 5681): slow start with HyStart++, congestion avoidance by Reno or
// CUBIC, and what congestion does to the thresholds. Pure: it is told what happened. How losses are
// found and repaired is recovery.h's. With BBR the window is that of a model (model.cc), and only
// set_window() changes it.
#pragma once

#include <cstdint>

#include "engine/net/stack.h"
#include "engine/net/tcp/cubic.h"
#include "engine/net/tcp/hystart.h"
#include "engine/net/tcp/reno.h"
#include "engine/net/tcp/sequence.h"

namespace sluice::net::tcp {

class Congestion {
 public:
  struct Ack {
    std::uint32_t acknowledged;  // new octets
    std::uint32_t mss;
    Sequence una;
    Sequence sent_end;  // SND.NXT
    Duration rtt;       // of the newest packet acknowledged, 0 = none
    Duration srtt;
    Instant now;
  };

  Congestion() noexcept : hystart_() {}
  void start(CongestionControl algorithm, std::uint32_t initial_window) noexcept;

  // New data was acknowledged and no loss is under repair.
  void on_ack(const Ack& ack) noexcept;
  // Loss or a congestion mark, once per window (RFC 5681 equation 4, RFC 9438 4.6): sets ssthresh.
  // `flight` octets are outstanding.
  void on_congestion(std::uint32_t flight, std::uint32_t mss) noexcept;
  void on_timeout(std::uint32_t mss) noexcept;  // RFC 5681 3.1: the loss window
  // Nothing was sent for longer than a timeout (RFC 5681 4.1).
  void on_idle(std::uint32_t initial_window) noexcept;
  // Sending begins again after `idle` with nothing in flight.
  void skip(Duration idle) noexcept;

  // After each output: how much is in flight and whether the window was what held the sender back.
  void note_flight(std::uint32_t flight, bool limited, Sequence una, Sequence sent_end) noexcept;

  // Recovery sets the window; an undo sets both.
  void set_window(std::uint32_t cwnd, std::uint32_t mss) noexcept;
  void restore(std::uint32_t cwnd, std::uint32_t ssthresh) noexcept;

  // With BBR: where the model is, while there is one.
  bool by_model() const noexcept { return algorithm_ == CongestionControl::bbr; }
  std::uint32_t model() const noexcept { return model_; }
  void set_model(std::uint32_t index) noexcept { model_ = index; }
  static constexpr std::uint32_t kNoModel = UINT32_MAX;

  // In the present round the window was full.
  bool limited() const noexcept { return limited_; }
  std::uint32_t window() const noexcept { return cwnd_; }
  std::uint32_t threshold() const noexcept { return ssthresh_; }
  bool in_slow_start() const noexcept { return cwnd_ < ssthresh_; }
  bool in_first_slow_start() const noexcept { return ssthresh_ == kThresholdMax; }

  static constexpr std::uint32_t kThresholdMax = 1u << 30;

 private:
  bool used() const noexcept;
  void grow_in_slow_start(const Ack& ack) noexcept;
  void end_first_slow_start() noexcept;
  void enlarge(std::uint32_t octets) noexcept;

  std::uint32_t cwnd_ = 0;
  std::uint32_t ssthresh_ = kThresholdMax;
  std::uint32_t flight_max_ = 0;  // most in flight in the present round
  Sequence flight_round_ = 0;     // SND.NXT when that round began
  // What counts: HyStart++ in the first slow start, then the algorithm of congestion avoidance.
  union {
    HyStart hystart_;
    Cubic cubic_;
    Reno reno_;
    std::uint32_t model_;
  };
  CongestionControl algorithm_ = CongestionControl::reno;
  bool limited_ = false;  // in that round the window held the sender back
};

}  // namespace sluice::net::tcp
