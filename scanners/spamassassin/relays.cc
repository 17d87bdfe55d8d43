#include "scanners/spamassassin/relays.h"

#include "engine/base/bytes.h"
#include "scanners/spamassassin/address_list.h"

namespace sluice::scan::sa {
namespace {

std::string text_of(const std::vector<Relay>& relays) {
  std::string text;
  for (const Relay& relay : relays) text += (text.empty() ? "" : " ") + relay.text();
  return text;
}

bool is_envelope_address(std::string_view text) { return text.find('@') != text.npos; }

}  // namespace

void Relays::read(const HeaderStore& headers) {
  trusted_.clear();
  untrusted_.clear();
  unreadable_ = 0;
  bool trusting = true;
  std::size_t read = 0;
  for (std::size_t i = 0; i < headers.size() && read < kRelaysMax; ++i) {
    const HeaderStore::Field field = headers.field(i);
    if (!equals_ignoring_case(field.name, "Received")) continue;
    ++read;
    Received received = read_received(field.value);
    if (received.kind == Received::Kind::unreadable) ++unreadable_;
    if (received.kind != Received::Kind::relay) continue;
    trusting = trusting && (received.relay.is_private() || !received.relay.auth.empty());
    received.relay.internal = trusting;
    (trusting ? trusted_ : untrusted_).push_back(std::move(received.relay));
  }
  find_envelope_from(headers);
}

// What the last hand-over says, or else fields that a delivery agent adds before any Received.
void Relays::find_envelope_from(const HeaderStore& headers) {
  has_envelope_from_ = false;
  const Relay* last = !untrusted_.empty() ? &untrusted_.front()
                      : !trusted_.empty() ? &trusted_.back()
                                          : nullptr;
  if (last != nullptr && is_envelope_address(last->envelope_from)) {
    envelope_from_ = last->envelope_from;
    has_envelope_from_ = true;
    return;
  }
  for (const char* name : {"X-Envelope-From", "Envelope-Sender", "Return-Path"}) {
    bool behind_received = false;
    for (std::size_t i = 0; i < headers.size(); ++i) {
      const HeaderStore::Field field = headers.field(i);
      if (equals_ignoring_case(field.name, "Received")) behind_received = true;
      if (!equals_ignoring_case(field.name, name)) continue;
      const auto mailboxes = parse_addresses(field.raw);
      if (mailboxes.empty() || !mailboxes.front().has_address || behind_received) break;
      envelope_from_ = mailboxes.front().address;
      has_envelope_from_ = true;
      return;
    }
  }
}

bool Relays::value_of(std::string_view name, std::string& value) const {
  if (equals_ignoring_case(name, "EnvelopeFrom")) {
    value = envelope_from_;
    return has_envelope_from_;
  }
  constexpr std::string_view kPrefix = "X-Spam-Relays-";
  if (name.size() <= kPrefix.size() ||
      !equals_ignoring_case(name.substr(0, kPrefix.size()), kPrefix))
    return false;
  name.remove_prefix(kPrefix.size());
  const bool trusted =
      equals_ignoring_case(name, "Trusted") || equals_ignoring_case(name, "Internal");
  value = text_of(trusted ? trusted_ : untrusted_);
  return true;
}

}  // namespace sluice::scan::sa
