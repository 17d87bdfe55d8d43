#include "engine/control/queue_select.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/wildcard.h"
#include "queueing/host_index.h"

namespace sluice::control {
namespace {

using nlohmann::json;

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower_text(const json& request, const char* key) {
  std::string text = request.value(key, "");
  std::ranges::transform(text, text.begin(), lower);
  return text;
}

template <typename T>
std::optional<T> optional_number(const json& request, const char* key) {
  if (!request.contains(key)) return std::nullopt;
  return request[key].get<T>();
}

bool recipient_matches(const Selector& selector, const queueing::QueuedMessage& message) {
  bool found = false;
  message.envelope.for_each_recipient([&](Rid rid, const mail::Recipient& recipient) {
    if (found || message.recipients[rid].status != queueing::RecipientStatus::pending) return;
    if (!selector.recipient.empty() && !matches_wildcard(selector.recipient, recipient.address))
      return;
    const std::size_t at = recipient.address.rfind('@');
    const std::string_view host =
        at == std::string_view::npos ? std::string_view{} : recipient.address.substr(at + 1);
    found = selector.domain.empty() || matches_wildcard(selector.domain, host);
  });
  return found;
}

}  // namespace

bool Selector::matches(const queueing::QueuedMessage& message, WallTime now) const {
  if (message.mid < mid_min || message.mid > mid_max) return false;
  if (!mids.empty() && std::ranges::find(mids, message.mid) == mids.end()) return false;
  if (!queue.empty() && queue_name(message.queue()) != queue) return false;
  if (!state.empty() && stage_name(message.stage) != state) return false;
  if (held && message.stage != queueing::Stage::held) return false;
  const std::int64_t age = (now - message.received).seconds();
  if (older_than && age < *older_than) return false;
  if (younger_than && age > *younger_than) return false;
  if (larger_than && message.body_size < *larger_than) return false;
  if (smaller_than && message.body_size > *smaller_than) return false;
  if (scl_min && message.scl < *scl_min) return false;
  if (scl_max && message.scl > *scl_max) return false;
  if (sender == "<>") {
    if (!message.envelope.reverse_path().empty()) return false;
  } else if (!sender.empty() && !matches_wildcard(sender, message.envelope.reverse_path())) {
    return false;
  }
  return (recipient.empty() && domain.empty()) || recipient_matches(*this, message);
}

std::expected<Selector, std::string> parse_selector(const json& request) {
  Selector selector;
  if (request.contains("mids")) selector.mids = request["mids"].get<std::vector<Mid>>();
  std::ranges::sort(selector.mids);  // each once: what is deleted is not there a second time
  const auto repeated = std::ranges::unique(selector.mids);
  selector.mids.erase(repeated.begin(), repeated.end());
  selector.sender = lower_text(request, "sender");
  selector.recipient = lower_text(request, "recipient");
  selector.domain = lower_text(request, "domain");
  selector.older_than = optional_number<std::int64_t>(request, "older_than");
  selector.younger_than = optional_number<std::int64_t>(request, "younger_than");
  selector.larger_than = optional_number<std::uint64_t>(request, "larger_than");
  selector.smaller_than = optional_number<std::uint64_t>(request, "smaller_than");
  selector.scl_min = optional_number<int>(request, "scl_min");
  selector.scl_max = optional_number<int>(request, "scl_max");
  selector.queue = request.value("queue", "");
  selector.held = request.value("held", false);
  selector.state = request.value("state", "");
  selector.mid_min = request.value("mid_min", Mid{0});
  selector.mid_max = request.value("mid_max", Mid{UINT64_MAX});
  if (!selector.queue.empty() && selector.queue != "inbound" && selector.queue != "outbound" &&
      selector.queue != "delivery")
    return std::unexpected("queue \"" + selector.queue +
                           "\" is none of inbound, outbound, delivery");
  return selector;
}

std::string_view queue_name(queueing::QueueName queue) noexcept {
  switch (queue) {
    case queueing::QueueName::inbound: return "inbound";
    case queueing::QueueName::outbound: return "outbound";
    case queueing::QueueName::delivery: return "delivery";
  }
  return "?";
}

std::string_view stage_name(queueing::Stage stage) noexcept {
  switch (stage) {
    case queueing::Stage::delivery: return "delivery";
    case queueing::Stage::scan: return "scan";
    case queueing::Stage::held: return "held";
    case queueing::Stage::poison: return "poison";
  }
  return "?";
}

}  // namespace sluice::control
