// Recoveries that were a mistake: what was taken for lost had only been late. Three witnesses: the
// timestamp of the original (Eifel, RFC 3522), D-SACK (RFC 2883, RFC 3708), and after a timeout the
// arrival of what was not sent again (F-RTO, RFC 5682).
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

// The response of RFC 4015: window and threshold are what they were.
void Tcp::undo_if_spurious(Tcb& tcb, Recovery& recovery, const AckSample& sample) noexcept {
  bool spurious = sample.duplicate_seen && recovery.duplicate_confirms(sample.duplicate.left);
  if (recovery.phase >= Recovery::Phase::repairing && sample.has_echo &&
      sample.edge_resent_ns != 0 && recovery.echo_confirms(sample.edge_timestamp(), sample.echo))
    spurious = true;
  if (recovery.frto != Recovery::Frto::off && frto_finds_spurious(tcb, recovery, sample))
    spurious = true;
  if (!spurious) return;
  ++counters_.recoveries_undone;
  recovery.may_undo = false;
  if (Bbr* model = model_of(tcb)) {
    model->undo_recovery();
  } else {
    tcb.congestion.restore(recovery.prior_cwnd, recovery.prior_ssthresh);
  }
  tcb.unacknowledged.restore_lost();
  recovery.end(tcb.snd_nxt);
}

// RFC 5682 3.1: after a timeout only the first packet goes out again. When its ACK leaves something
// open, new data is sent (step 2b); if the next ACK delivers what was sent only once before the
// timeout (step 3b), nothing was lost, and the rest need not be sent again.
bool Tcp::frto_finds_spurious(const Tcb& tcb, Recovery& recovery,
                              const AckSample& sample) noexcept {
  if (recovery.frto == Recovery::Frto::second_ack) {
    recovery.frto = Recovery::Frto::off;
    return sample.original_acked;
  }
  const Packet* fresh = tcb.unacknowledged.next_to_send();
  const bool goes_on = sample.advances && before(tcb.snd_una, recovery.point) && fresh != nullptr &&
                       fresh->sequence - tcb.snd_una < tcb.snd_wnd;
  recovery.frto = goes_on ? Recovery::Frto::second_ack : Recovery::Frto::off;
  return false;
}

}  // namespace sluice::net::tcp
