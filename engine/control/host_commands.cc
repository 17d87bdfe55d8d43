#include "engine/control/host_commands.h"

#include <fmt/format.h>

#include "engine/control/ask_worker.h"
#include "engine/control/operator_state.h"

namespace sluice::control {
namespace {

using nlohmann::json;
using queueing::HostIndex;
using queueing::HostRecord;
using queueing::kNotListed;
using queueing::QueuedMessage;
using queueing::RecipientStatus;

constexpr std::size_t kHostsPerSlice = 512;
constexpr std::size_t kRecipientsPerSlice = 128;
constexpr std::size_t kDeletedPerSlice = 256;
constexpr std::size_t kSlicesPerRequest = 64;

constexpr const char* kCounters[] = {"active_recipients", "delivered", "soft_bounced",
                                     "hard_bounced",      "expired",   "deleted"};

// Hosts of one worker from `from` on.
json list(Engine& engine, const json& request) {
  const auto number = request.value("worker", std::size_t{0});
  const auto from = request.value("cursor", std::size_t{0});
  if (number >= engine.workers().size()) return {{"rows", json::array()}, {"next", nullptr}};
  auto more = std::make_shared<std::atomic<bool>>(false);
  auto rows =
      ask(engine, *engine.workers()[number], [from, more](worker::Worker& w, Instant, json& page) {
        const HostIndex& hosts = *w.shard().hosts();
        const std::size_t end = std::min(hosts.size(), from + kHostsPerSlice);
        for (std::size_t i = from; i < end; ++i)
          if (const HostRecord* host = hosts.record(i)) page.push_back(host_row(*host));
        if (from == 0) {
          std::map<std::string, std::uint32_t> connections;
          w.delivery().count_connections(connections);
          for (const auto& [host, count] : connections)
            page.push_back({{"host", host}, {"connections", count}});
        }
        *more = end < hosts.size();
      });
  if (!rows) return fault(kNotReached);
  for (json& row : *rows) engine.host_answers().complete(row);
  json next{{"worker", number}, {"cursor", from + kHostsPerSlice}};
  if (!*more) next = {{"worker", number + 1}, {"cursor", 0}};
  if (!*more && number + 1 == engine.workers().size()) next = nullptr;
  return {{"rows", *rows}, {"next", next}};
}

json route_json(const delivery::HostRoute& route) {
  json hops = json::array();
  for (const auto& hop : route.hops) hops.push_back({{"address", hop.address}, {"down", hop.down}});
  return {{"route", route.destination}, {"redirected_to", route.redirected_to}, {"hops", hops}};
}

void add_oldest(worker::Worker& w, const HostRecord& host, json& row) {
  const HostIndex& hosts = *w.shard().hosts();
  for (const std::uint32_t first : {host.waiting.first, host.parked.first}) {
    if (first == kNotListed) continue;
    const QueuedMessage* message = w.shard().at_slot(hosts.at(first).slot);
    const std::int64_t received = message->received.unix_seconds();
    if (!row.contains("oldest") || received < row["oldest"].get<std::int64_t>())
      row["oldest"] = received;
  }
}

json status(Engine& engine, const json& request) {
  const std::string name = canonical_host(request.at("host").get<std::string>());
  json answer = ask_all(engine, "rows", [name](worker::Worker& w, Instant, json& rows) {
    json row{{"host", name}};
    if (const HostRecord* host = w.shard().hosts()->find(name)) {
      row = host_row(*host);
      add_oldest(w, *host, row);
    }
    std::map<std::string, std::uint32_t> connections;
    w.delivery().count_connections(connections);
    row["connections"] = connections[name];
    row["reached"] = route_json(w.delivery().route_of(name));
    rows.push_back(row);
  });
  if (answer.contains("error")) return answer;
  json sum{{"host", name}};
  for (json& row : answer["rows"]) {
    engine.host_answers().complete(row);
    add_host_row(sum, row);
  }
  return sum;
}

// Where a listing goes on: the last entry it has shown, if that is still the same recipient.
std::uint32_t next_listed(worker::Worker& w, const HostRecord& host, const json& last) {
  const HostIndex& hosts = *w.shard().hosts();
  const std::uint32_t begin =
      host.waiting.first != kNotListed ? host.waiting.first : host.parked.first;
  const auto listed = last.value("listed", kNotListed);
  const auto mid = last.value("mid", Mid{0});
  const auto rid = last.value("rid", Rid{0});
  const QueuedMessage* message = w.shard().find(mid);
  if (message == nullptr || rid >= message->recipients.size() ||
      message->recipients[rid].listed != listed || listed == kNotListed)
    return begin;
  const HostIndex::Listed& entry = hosts.at(listed);
  if (entry.next != kNotListed) return entry.next;
  return entry.parked ? kNotListed : host.parked.first;
}

// From "after" on. When that one has gone meanwhile the list begins again: the caller knows which
// recipients it has seen.
json recipients(Engine& engine, const json& request) {
  const std::string name = canonical_host(request.at("host").get<std::string>());
  const auto number = request.value("worker", std::size_t{0});
  if (number >= engine.workers().size()) return {{"rows", json::array()}, {"next", nullptr}};
  const json after = request.value("after", json::object());
  auto rows =
      ask(engine, *engine.workers()[number], [name, after](worker::Worker& w, Instant, json& page) {
        const HostRecord* host = w.shard().hosts()->find(name);
        if (host == nullptr) return;
        const HostIndex& hosts = *w.shard().hosts();
        std::uint32_t listed = next_listed(w, *host, after);
        while (listed != kNotListed && page.size() < kRecipientsPerSlice) {
          const HostIndex::Listed& entry = hosts.at(listed);
          page.push_back(
              recipient_row(*w.shard().at_slot(entry.slot), entry.rid, w.clock().wall()));
          page.back()["listed"] = listed;
          const bool to_parked = entry.next == kNotListed && !entry.parked;
          listed = to_parked ? host->parked.first : entry.next;
        }
      });
  if (!rows) return fault(kNotReached);
  json next = nullptr;
  if (rows->size() == kRecipientsPerSlice) {
    const json& last = rows->back();
    next = {{"worker", number},
            {"after", {{"listed", last["listed"]}, {"mid", last["mid"]}, {"rid", last["rid"]}}}};
  } else if (number + 1 < engine.workers().size()) {
    next = {{"worker", number + 1}};
  }
  return {{"rows", *rows}, {"next", next}};
}

std::size_t delete_slice(worker::Worker& w, const std::string& name, const std::string& by) {
  queueing::Shard& shard = w.shard();
  HostIndex& hosts = *shard.hosts();
  std::size_t count = 0;
  for (; count < kDeletedPerSlice; ++count) {
    const HostRecord* host = hosts.find(name);
    if (host == nullptr || host->active == 0) break;
    const std::uint32_t listed =
        host->waiting.first != kNotListed ? host->waiting.first : host->parked.first;
    const HostIndex::Listed entry = hosts.at(listed);
    const Mid mid = shard.at_slot(entry.slot)->mid;
    shard.set_outcome(mid, entry.rid, RecipientStatus::deleted);
    w.events().emit(
        {.kind = mail::EventKind::recipient_deleted, .mid = mid, .rid = entry.rid, .text = {by}});
    if (shard.find(mid) == nullptr)
      w.events().emit({.kind = mail::EventKind::queue_finished, .mid = mid});
  }
  return count;
}

// Takes what one request may; "more" when the list was not empty then.
json delete_recipients(Engine& engine, const json& request, const std::string& by) {
  const std::string name = canonical_host(request.at("host").get<std::string>());
  std::uint64_t deleted = 0;
  bool more = false;
  for (auto& thread : engine.workers()) {
    auto count = std::make_shared<std::atomic<std::size_t>>(kDeletedPerSlice);
    for (std::size_t slice = 0; slice < kSlicesPerRequest && *count == kDeletedPerSlice; ++slice) {
      const bool reached = engine.on_worker(
          *thread, [=](worker::Worker& w, Instant) { *count = delete_slice(w, name, by); });
      if (!reached) return fault(kNotReached);
      deleted += *count;
    }
    more |= *count == kDeletedPerSlice;
  }
  if (deleted > 0)
    engine.log_action(by, fmt::format("{} recipients of host {} deleted", deleted, name));
  return {{"deleted", deleted}, {"more", more}};
}

}  // namespace

json host_row(const HostRecord& host) {
  json row{{"host", host.name},
           {"active_recipients", host.active},
           {"delivered", host.delivered},
           {"soft_bounced", host.soft_bounced},
           {"hard_bounced", host.hard_bounced},
           {"expired", host.expired},
           {"deleted", host.deleted},
           {"down", host.down},
           {"held", host.held}};
  if (host.last_answer.at.ns != 0)
    row["last_answer"] = {{"text", host.last_answer.text},
                          {"at", host.last_answer.at.unix_seconds()}};
  if (host.last_failure.at.ns != 0)
    row["last_5xx"] = {{"text", host.last_failure.text},
                       {"at", host.last_failure.at.unix_seconds()}};
  return row;
}

void add_host_row(json& sum, const json& row) {
  for (const char* key : kCounters)
    sum[key] = sum.value(key, std::uint64_t{0}) + row.value(key, std::uint64_t{0});
  sum["connections"] =
      sum.value("connections", std::uint64_t{0}) + row.value("connections", std::uint64_t{0});
  sum["held"] = sum.value("held", false) || row.value("held", false);
  for (const char* key : {"last_answer", "last_5xx"})
    if (row.contains(key) && (!sum.contains(key) || sum[key]["at"] <= row[key]["at"])) {
      sum[key] = row[key];
      if (std::string_view(key) == "last_answer") sum["down"] = row["down"];
    }
  if (!sum.contains("down")) sum["down"] = false;
  if (row.contains("oldest") && (!sum.contains("oldest") || row["oldest"] < sum["oldest"]))
    sum["oldest"] = row["oldest"];
  if (row.contains("reached") && !sum.contains("reached")) sum["reached"] = row["reached"];
}

json recipient_row(const QueuedMessage& message, Rid wanted, WallTime now) {
  const queueing::RecipientProgress& progress = message.recipients[wanted];
  const bool answered = wanted < message.answers.size() && message.answers[wanted] != nullptr;
  json row{{"mid", message.mid},
           {"rid", wanted},
           {"sender", message.envelope.reverse_path()},
           {"age", (now - message.received).seconds()},
           {"size", message.body_size},
           {"attempts", progress.attempts},
           {"next_attempt", progress.next_attempt.unix_seconds()},
           {"last_reply", answered ? *message.answers[wanted] : ""}};
  message.envelope.for_each_recipient([&](Rid rid, const mail::Recipient& recipient) {
    if (rid == wanted) row["address"] = recipient.address;
  });
  return row;
}

void remember_answers(Engine& engine, Instant now, Duration period) {
  if (!engine.host_answers().is_time(now, period)) return;
  for (std::size_t number = 0; number < engine.workers().size(); ++number)
    for (std::size_t from = 0, slices = 0; slices < kSlicesPerRequest; ++slices) {
      auto more = std::make_shared<std::atomic<bool>>(false);
      auto rows = ask(engine, *engine.workers()[number],
                      [from, more](worker::Worker& w, Instant, json& page) {
                        const HostIndex& hosts = *w.shard().hosts();
                        const std::size_t end = std::min(hosts.size(), from + kHostsPerSlice);
                        for (std::size_t i = from; i < end; ++i)
                          if (const HostRecord* host = hosts.record(i);
                              host != nullptr && host->last_answer.at.ns != 0)
                            page.push_back(host_row(*host));
                        *more = end < hosts.size();
                      });
      if (!rows) break;
      for (const json& row : *rows) engine.host_answers().note(row);
      if (!*more) break;
      from += kHostsPerSlice;
    }
  if (auto stored = engine.host_answers().store(); !stored)
    engine.note(mail::EventKind::engine_warning, "last answers of hosts: " + stored.error());
}

json host_command(Engine& engine, std::string_view command, const json& request,
                  const std::string& by) {
  if (command == "host.list") return list(engine, request);
  if (command == "host.status") return status(engine, request);
  if (command == "host.recipients") return recipients(engine, request);
  if (command == "host.delete") return delete_recipients(engine, request, by);
  return fault("unknown command \"" + std::string(command) + "\"");
}

}  // namespace sluice::control
