// BBR beside the rest of TCP: a connection has a model of its path while it sends (bbr.h); the
// window and the pace follow from it.
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {
namespace {

constexpr Duration kModelMemory = seconds(10);  // of an idle connection: as long as a minimum of
                                                // the round trip counts (draft-ietf-ccwg-bbr 2.14)

}  // namespace

// nullptr: another congestion control, or nothing was sent lately.
Bbr* Tcp::model_of(Tcb& tcb) noexcept {
  if (!tcb.congestion.by_model() || tcb.congestion.model() == Congestion::kNoModel) return nullptr;
  Bbr& model = models_.at(tcb.congestion.model());
  model.set_now(now_, tcb.mss);
  return &model;
}

Bbr& Tcp::begin_model(Tcb& tcb) noexcept {
  if (Bbr* present = model_of(tcb)) return *present;
  Bbr* model = models_.acquire(Bbr::Start{.window = tcb.congestion.window(),
                                          .mss = tcb.mss,
                                          .srtt = microseconds(tcb.rtt.srtt_us),
                                          .sack = tcb.sack,
                                          .seed = random_.next(),
                                          .now = now_});
  tcb.congestion.set_model(models_.index_of(*model));
  return *model;
}

void Tcp::end_model(Tcb& tcb) noexcept {
  if (Bbr* model = model_of(tcb)) {
    models_.release(*model);
    tcb.congestion.set_model(Congestion::kNoModel);
  }
}

void Tcp::follow_model(Tcb& tcb, const Bbr& model) noexcept {
  tcb.congestion.set_window(model.window(), tcb.mss);
}

// The end of an ACK.
void Tcp::update_model(Tcb& tcb, const AckSample& sample) noexcept {
  Bbr* model = model_of(tcb);
  if (model == nullptr) return;
  if (sample.delivered > 0)
    model->on_ack({.newly_acked = sample.delivered,
                   .in_flight = tcb.pipe(),
                   .rtt = sample.rtt,
                   .min_rtt = microseconds(tcb.rtt.min_us()),
                   .window_limited = tcb.congestion.limited()});
  follow_model(tcb, *model);
  if (tcb.snd_una == tcb.snd_nxt) arm_model(tcb, *model, now_ + kModelMemory);
}

// Draft 4.1.2.4: before a write, an ACK or a timer changes anything. The path could take more, and
// there is nothing to send.
void Tcp::note_application_limit(Tcb& tcb) noexcept {
  Bbr* model = model_of(tcb);
  if (model == nullptr) return;
  const SendQueue& queue = tcb.unacknowledged;
  const std::uint32_t pipe = tcb.pipe();
  if (queue.next_to_send() == nullptr && queue.lost() == 0 && pipe < tcb.congestion.window())
    model->mark_app_limited(pipe);
}

// Pacing: what has left is not paid for yet.
bool Tcp::must_wait(Tcb& tcb) noexcept {
  if (!tcb.congestion.by_model()) return false;
  Bbr& model = begin_model(tcb);
  if (model.may_send()) return false;
  arm_model(tcb, model, model.pacer().next());
  return true;
}

void Tcp::arm_model(Tcb& tcb, Bbr& model, Instant due) noexcept {
  model.due = due;
  if (!tcb.timer.armed() || tcb.timer.due > due) wheel_.set(tcb.timer, due);
}

void Tcp::on_model_timer(Tcb& tcb, Bbr& model) noexcept {
  model.due = Instant::never();
  if (!tcb.unacknowledged.empty()) return output(tcb);
  if (tcb.snd_una != tcb.snd_nxt) return;  // our FIN is still out
  end_model(tcb);
  tcb.congestion.on_idle(initial_window(tcb));
}

// Once for the losses of a window.
void Tcp::respond_to_loss(Tcb& tcb) noexcept {
  if (Bbr* model = model_of(tcb)) {
    model->begin_recovery();
  } else {
    tcb.congestion.on_congestion(tcb.flight(), tcb.mss);
  }
}

}  // namespace sluice::net::tcp
