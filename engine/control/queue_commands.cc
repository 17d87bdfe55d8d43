#include "engine/control/queue_commands.h"

#include <fmt/format.h>

#include "engine/control/ask_worker.h"
#include "engine/control/queue_json.h"
#include "engine/control/queue_select.h"

namespace sluice::control {
namespace {

using nlohmann::json;
using queueing::QueuedMessage;
using queueing::RecipientStatus;

// Between two polls of a worker; what is found costs far more than what is only looked at.
constexpr std::size_t kSlotsPerSlice = 1'024;
constexpr std::size_t kFoundPerSlice = 64;
constexpr std::size_t kSlotsPerLook = 16;
constexpr std::size_t kSlicesPerRequest = 256;  // then the logs have their turn
constexpr std::size_t kRowsPerRequest = 1'000;
constexpr std::size_t kOctetsMax = 256 * 1024;  // of one read

using Act = std::function<void(worker::Worker&, const std::vector<Mid>&, json& rows)>;

// One slice on one worker: finds what the selector means, then acts on it.
struct Slice {
  json rows = json::array();
  std::size_t cursor = 0;
  bool more = false;
};

std::shared_ptr<Slice> run_slice(Engine& engine, WorkerThread& thread, std::size_t cursor,
                                 const std::shared_ptr<const Selector>& selector, const Act& act) {
  auto slice = std::make_shared<Slice>();
  slice->cursor = cursor;
  const bool reached = engine.on_worker(thread, [slice, selector, act](worker::Worker& w, Instant) {
    std::vector<Mid> found;
    const WallTime wall = w.clock().wall();
    const auto look = [&](const QueuedMessage& message) {
      if (selector->matches(message, wall)) found.push_back(message.mid);
    };
    if (selector->mids.empty()) {
      const std::size_t end = slice->cursor + kSlotsPerSlice;
      do {
        slice->more = w.shard().visit(slice->cursor, kSlotsPerLook, look);
      } while (slice->more && slice->cursor < end && found.size() < kFoundPerSlice);
    } else {
      for (const Mid mid : selector->mids)
        if (const QueuedMessage* message = w.shard().find(mid)) look(*message);
    }
    act(w, found, slice->rows);
  });
  return reached ? slice : nullptr;
}

// The rows of as many slices as one request may take; "next" says where the following one goes on.
json walk(Engine& engine, const json& request, const Act& act) {
  auto parsed = parse_selector(request);
  if (!parsed) return fault(parsed.error());
  const auto selector = std::make_shared<const Selector>(std::move(*parsed));
  auto worker = request.value("worker", std::size_t{0});
  auto cursor = request.value("cursor", std::size_t{0});
  json rows = json::array();
  for (std::size_t slices = 0; worker < engine.workers().size(); ++slices) {
    if (slices == kSlicesPerRequest || rows.size() >= kRowsPerRequest)
      return {{"rows", rows}, {"next", {{"worker", worker}, {"cursor", cursor}}}};
    const auto slice = run_slice(engine, *engine.workers()[worker], cursor, selector, act);
    if (slice == nullptr) return fault(kNotReached);
    for (json& row : slice->rows) rows.push_back(std::move(row));
    cursor = slice->more ? slice->cursor : 0;
    worker += slice->more ? 0 : 1;
  }
  return {{"rows", rows}, {"next", nullptr}};
}

json list(Engine& engine, const json& request) {
  return walk(engine, request, [](worker::Worker& w, const std::vector<Mid>& mids, json& rows) {
    for (const Mid mid : mids) rows.push_back(message_row(*w.shard().find(mid), w.clock().wall()));
  });
}

json show(Engine& engine, const json& request) {
  const Mid mid = request.value("mid", Mid{0});
  json answer = ask_all(engine, "messages", [mid](worker::Worker& w, Instant, json& rows) {
    if (const QueuedMessage* message = w.shard().find(mid))
      rows.push_back(message_detail(*message, w.clock().wall()));
  });
  if (answer.contains("error")) return answer;
  if (!answer["messages"].empty()) return answer["messages"].front();
  return fault(fmt::format("MID {} is not in the queue", mid));
}

// Deletes every pending recipient (of the host, when one is given), and with the last one the
// message.
std::vector<Rid> delete_pending(worker::Worker& w, Mid mid, const std::string& by,
                                const std::string& host = {}) {
  queueing::Shard& shard = w.shard();
  std::vector<Rid> wanted;
  const QueuedMessage& whole = *shard.find(mid);
  whole.envelope.for_each_recipient([&](Rid rid, const mail::Recipient& recipient) {
    if (whole.recipients[rid].status == RecipientStatus::pending &&
        (host.empty() || queueing::HostIndex::host_of(recipient.address) == host))
      wanted.push_back(rid);
  });
  for (const Rid rid : wanted) {
    shard.set_outcome(mid, rid, RecipientStatus::deleted);
    w.events().emit(
        {.kind = mail::EventKind::recipient_deleted, .mid = mid, .rid = rid, .text = {by}});
  }
  if (shard.find(mid) == nullptr)
    w.events().emit({.kind = mail::EventKind::queue_finished, .mid = mid});
  return wanted;
}

// Due now; what was held or set aside goes to delivery. What waits for its scan goes on waiting.
bool requeue_message(worker::Worker& w, Mid mid) {
  const QueuedMessage& message = *w.shard().find(mid);
  if (message.stage == queueing::Stage::scan) return false;
  if (message.stage != queueing::Stage::delivery) {
    if (!w.shard().set_stage(mid, {.stage = queueing::Stage::delivery, .scl = {}, .stamps = {}}))
      return false;
    w.events().emit({.kind = mail::EventKind::queue_committed, .mid = mid});
  }
  w.shard().make_due(mid, w.clock().wall());
  return true;
}

json remove(Engine& engine, const json& request, const std::string& by) {
  return walk(engine, request, [by](worker::Worker& w, const std::vector<Mid>& mids, json& rows) {
    for (const Mid mid : mids) {
      delete_pending(w, mid, by);
      rows.push_back(mid);
    }
  });
}

// Those of one host in the messages that are not in the delivery queue, where the list of a host
// has them.
json delete_recipients(Engine& engine, const json& request, const std::string& by) {
  const auto host = request.at("host").get<std::string>();
  json only = request;
  only["domain"] = host;
  return walk(engine, only, [=](worker::Worker& w, const std::vector<Mid>& mids, json& rows) {
    for (const Mid mid : mids)
      if (w.shard().find(mid)->stage != queueing::Stage::delivery)
        for (const Rid rid : delete_pending(w, mid, by, host)) rows.push_back({mid, rid});
  });
}

json requeue(Engine& engine, const json& request) {
  return walk(engine, request, [](worker::Worker& w, const std::vector<Mid>& mids, json& rows) {
    for (const Mid mid : mids)
      if (requeue_message(w, mid)) rows.push_back(mid);
    if (!mids.empty()) w.delivery().flush();  // no next hop is left alone after its last failure
  });
}

std::string hex(const std::vector<std::uint8_t>& octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(octets.size() * 2);
  for (const std::uint8_t octet : octets) {
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

// A piece of a message as it was received, in hexadecimal digits.
json read(Engine& engine, const json& request) {
  const Mid mid = request.value("mid", Mid{0});
  const auto offset = request.value("offset", std::uint64_t{0});
  const auto size = std::min(request.value("size", kOctetsMax), kOctetsMax);
  for (auto& thread : engine.workers()) {
    auto octets = std::make_shared<std::promise<std::optional<std::string>>>();
    auto result = octets->get_future();
    auto found = std::make_shared<std::atomic<bool>>(false);
    const bool reached = engine.on_worker(*thread, [=](worker::Worker& w, Instant) {
      if (w.shard().find(mid) == nullptr) return;
      *found = true;
      const bool started = w.read_for_operator(mid, offset, size, [octets](const auto* read) {
        octets->set_value(read ? std::optional(hex(*read)) : std::nullopt);
      });
      if (!started) octets->set_value(std::nullopt);
    });
    if (!reached) return fault(kNotReached);
    if (!*found) continue;
    if (result.wait_for(std::chrono::seconds(5)) != std::future_status::ready)
      return fault(kNotReached);
    const auto text = result.get();
    return text ? json{{"octets", *text}} : fault(fmt::format("MID {} cannot be read now", mid));
  }
  return fault(fmt::format("MID {} is not in the queue", mid));
}

}  // namespace

json queue_command(Engine& engine, std::string_view command, const json& request,
                   const std::string& by) {
  if (command == "queue.list") return list(engine, request);
  if (command == "queue.show") return show(engine, request);
  if (command == "queue.delete") return remove(engine, request, by);
  if (command == "queue.delete_recipients") return delete_recipients(engine, request, by);
  if (command == "queue.requeue") return requeue(engine, request);
  if (command == "queue.read") return read(engine, request);
  return fault("unknown command \"" + std::string(command) + "\"");
}

}  // namespace sluice::control
