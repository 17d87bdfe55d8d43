#include "scanners/spamassassin/header/relays.h"

#include "engine/base/bytes.h"
#include "scanners/spamassassin/header/address_list.h"
#include "scanners/spamassassin/text_search.h"

namespace sluice::scan::sa {
namespace {

void write_texts(const std::vector<Relay>& relays, std::string& out) {
  out.clear();
  for (const Relay& relay : relays) {
    if (!out.empty()) out += ' ';
    relay.append_text(out);
  }
}

// fetchmail writes fields of its own about the envelope, from what it guesses.
bool was_fetched(const HeaderStore& headers) {
  bool fetchmail = false;
  headers.for_each_named("Received", [&](const HeaderStore::Field& field) {
    fetchmail = has_text<Case::same>(field.value, "(fetchmail");
    return !fetchmail;
  });
  return fetchmail && headers.first("X-Sender").find('@') != std::string_view::npos;
}

bool is_envelope_address(std::string_view text) { return text.find('@') != text.npos; }

}  // namespace

void Relays::read(const HeaderStore& headers) {
  trusted_.clear();
  untrusted_.clear();
  unreadable_ = 0;
  trusted_fields_ = 0;
  headers_ = &headers;
  bool trusting = true;
  std::size_t read = 0;
  headers.for_each_named("Received", [&](const HeaderStore::Field& field) {
    Received received = read_received(field.value);
    if (received.kind == Received::Kind::unreadable) ++unreadable_;
    if (received.kind == Received::Kind::fetched && trusting) trusted_.clear();
    if (trusting && received.kind != Received::Kind::relay) ++trusted_fields_;
    if (received.kind == Received::Kind::relay) {
      trusting = trusting && (received.relay.is_private() || !received.relay.auth.empty());
      received.relay.internal = trusting;
      trusted_fields_ += trusting;
      (trusting ? trusted_ : untrusted_).push_back(std::move(received.relay));
    }
    return ++read < kRelaysMax;
  });
  read_clients();
  find_envelope_from(headers);
  write_texts(trusted_, trusted_text_);
  write_texts(untrusted_, untrusted_text_);
}

// Fields in which web mailers and the like name the client that wrote the message.
void Relays::read_clients() {
  for (const char* name :
       {"X-Yahoo-Post-IP", "X-Originating-IP", "X-Apparently-From", "X-SenderIP", "X-AOL-IP",
        "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp"}) {
    std::string_view value;
    headers_->for_each_named(name, [&](const HeaderStore::Field& field) {
      value = field.value;  // the last one counts
      return true;
    });
    Received client = read_client(value);
    if (client.kind != Received::Kind::relay) continue;
    client.relay.internal = untrusted_.empty() && client.relay.is_private();
    (client.relay.internal ? trusted_ : untrusted_).push_back(std::move(client.relay));
  }
}

// What the last hand-over says, or else fields that a delivery agent adds before any Received.
void Relays::find_envelope_from(const HeaderStore& headers) {
  has_envelope_from_ = false;
  envelope_from_.clear();
  const Relay* last = !untrusted_.empty() ? &untrusted_.front()
                      : !trusted_.empty() ? &trusted_.back()
                                          : nullptr;
  if (last != nullptr && is_envelope_address(last->envelope_from)) {
    envelope_from_ = last->envelope_from;
    has_envelope_from_ = true;
    return;
  }
  if (was_fetched(headers)) return;
  for (const char* name : {"X-Envelope-From", "Envelope-Sender", "Return-Path"}) {
    if (!headers.may_have(name)) continue;
    bool any_received = false, behind_received = false, found = false;
    for (std::size_t i = 0; i < headers.size(); ++i) {
      const HeaderStore::Field field = headers.field(i);
      any_received = any_received || equals_ignoring_case(field.name, "Received");
      if (!equals_ignoring_case(field.name, name)) continue;
      behind_received = behind_received || any_received;
      if (found) continue;
      AddressReader reader(field.raw);
      NamedAddress mailbox;
      found = reader.next(mailbox) && mailbox.has_address;
      if (found) envelope_from_ = mailbox.address;
    }
    if (found && !behind_received) {
      has_envelope_from_ = true;
      return;
    }
    if (found && name == std::string_view("X-Envelope-From")) return;
  }
}

// The fields that the trusted side added, or those that were there before.
bool Relays::fields_of(std::string_view side, std::string& value) const {
  const bool trusted = side == "TRUSTED" || side == "INTERNAL";
  if (!trusted && side != "UNTRUSTED" && side != "EXTERNAL") return false;
  std::size_t received = 0;
  for (std::size_t i = 0; i < headers_->size(); ++i) {
    const HeaderStore::Field field = headers_->field(i);
    received += equals_ignoring_case(field.name, "Received");
    const bool added = received <= trusted_fields_;
    if (trusted && received > trusted_fields_ + 1) break;
    if (added && (!trusted && received <= trusted_fields_)) continue;
    value.append(field.name).append(": ").append(field.value).append("\n");
    if (trusted && !added) break;
  }
  return !value.empty();
}

bool Relays::value_of(std::string_view name, std::string& value) const {
  if (equals_ignoring_case(name, "EnvelopeFrom")) {
    value = has_envelope_from_ ? envelope_from_ : std::string();
    return has_envelope_from_;
  }
  if (name.starts_with("ALL-")) return fields_of(name.substr(4), value);
  constexpr std::string_view kPrefix = "X-Spam-Relays-";
  if (name.size() <= kPrefix.size() ||
      !equals_ignoring_case(name.substr(0, kPrefix.size()), kPrefix))
    return false;
  name.remove_prefix(kPrefix.size());
  const bool trusted =
      equals_ignoring_case(name, "Trusted") || equals_ignoring_case(name, "Internal");
  value = trusted ? trusted_text_ : untrusted_text_;
  return true;
}

}  // namespace sluice::scan::sa
