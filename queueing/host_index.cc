#include "queueing/host_index.h"

#include <algorithm>
#include <array>

#include "engine/base/contract.h"

namespace sluice::queueing {
namespace {

constexpr std::size_t kNameMax = 255;
constexpr std::string_view kNoDomain = "this.host";  // of <postmaster>

// Into `buffer`, without the heap: this runs for every recipient that is accepted.
std::string_view lower_host(std::string_view address, std::array<char, kNameMax>& buffer) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos || at + 1 == address.size()) return kNoDomain;
  const std::string_view name = address.substr(at + 1).substr(0, kNameMax);
  std::ranges::transform(name, buffer.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return {buffer.data(), name.size()};
}

}  // namespace

std::string HostIndex::host_of(std::string_view address) {
  std::array<char, kNameMax> buffer;
  return std::string(lower_host(address, buffer));
}

std::uint32_t HostIndex::add(std::string_view address, std::uint32_t slot, Rid rid) {
  std::array<char, kNameMax> buffer;
  const std::uint32_t host = host_number(lower_host(address, buffer));
  if (free_.empty()) {
    const auto first = static_cast<std::uint32_t>(pages_.size() * kPageEntries);
    pages_.push_back(std::make_unique<Listed[]>(kPageEntries));
    for (std::uint32_t i = kPageEntries; i > 0; --i) free_.push_back(first + i - 1);
  }
  const std::uint32_t listed = free_.back();
  free_.pop_back();
  entry(listed) = {.host = host, .slot = slot, .rid = rid};
  link(hosts_[host].waiting, listed);
  ++hosts_[host].active;
  return listed;
}

void HostIndex::remove(std::uint32_t listed) noexcept {
  Listed& gone = entry(listed);
  HostRecord& host = hosts_[gone.host];
  unlink(gone.parked ? host.parked : host.waiting, listed);
  SLUICE_ASSERT(host.active > 0);
  if (--host.active == 0) became_idle(gone.host);
  free_.push_back(listed);
}

void HostIndex::park(std::uint32_t listed) noexcept {
  Listed& moved = entry(listed);
  if (moved.parked) return;
  HostRecord& host = hosts_[moved.host];
  unlink(host.waiting, listed);
  moved.parked = true;
  link(host.parked, listed);
}

void HostIndex::unpark(std::uint32_t listed) noexcept {
  Listed& moved = entry(listed);
  SLUICE_ASSERT(moved.parked);
  HostRecord& host = hosts_[moved.host];
  unlink(host.parked, listed);
  moved.parked = false;
  link(host.waiting, listed);
}

HostRecord* HostIndex::find(std::string_view name) noexcept {
  const auto found = numbers_.find(name);
  return found == numbers_.end() ? nullptr : &hosts_[found->second];
}

HostRecord& HostIndex::hold(std::string_view name, bool held) {
  const std::uint32_t number = host_number(name);
  HostRecord& host = hosts_[number];
  host.held = held;
  if (!held && host.active == 0) became_idle(number);
  return host;
}

std::uint32_t HostIndex::host_number(std::string_view lower_name) {
  if (const auto found = numbers_.find(lower_name); found != numbers_.end()) return found->second;
  std::uint32_t number = static_cast<std::uint32_t>(hosts_.size());
  if (free_hosts_.empty()) {
    hosts_.emplace_back();
  } else {
    number = free_hosts_.back();
    free_hosts_.pop_back();
  }
  hosts_[number].name = lower_name;
  numbers_.emplace(lower_name, number);
  return number;
}

void HostIndex::link(RecipientList& list, std::uint32_t listed) noexcept {
  Listed& added = entry(listed);
  added.previous = list.last;
  added.next = kNotListed;
  (list.last == kNotListed ? list.first : entry(list.last).next) = listed;
  list.last = listed;
}

void HostIndex::unlink(RecipientList& list, std::uint32_t listed) noexcept {
  const Listed& gone = entry(listed);
  (gone.previous == kNotListed ? list.first : entry(gone.previous).next) = gone.next;
  (gone.next == kNotListed ? list.last : entry(gone.next).previous) = gone.previous;
}

void count_outcome(HostRecord& host, RecipientStatus status) noexcept {
  switch (status) {
    case RecipientStatus::delivered: ++host.delivered; return;
    case RecipientStatus::bounced: ++host.hard_bounced; return;
    case RecipientStatus::expired: ++host.expired; return;
    case RecipientStatus::deleted: ++host.deleted; return;
    case RecipientStatus::pending: return;
  }
}

void note_answer(HostRecord& host, QueuedMessage& message, Rid rid, const PeerAnswer& answer) {
  using Kind = PeerAnswer::Kind;
  const std::string_view text = answer.text.substr(0, kAnswerMax);
  host.down = answer.kind == Kind::unreachable;
  host.last_answer.text.assign(text);
  host.last_answer.at = answer.at;
  if (answer.kind == Kind::delivered) return;
  if (answer.kind == Kind::failed) host.last_failure = host.last_answer;
  if (answer.kind != Kind::failed) ++host.soft_bounced;
  if (host.shared == nullptr || *host.shared != text)
    host.shared = std::make_shared<const std::string>(text);
  message.answers.resize(message.recipients.size());
  message.answers[rid] = host.shared;
}

void HostIndex::became_idle(std::uint32_t number) noexcept {
  if (hosts_[number].idle_linked) return;
  hosts_[number].idle_linked = true;
  idle_.push_back(number);
  while (idle_.size() > kIdleMax) forget_oldest_idle();
}

void HostIndex::forget_oldest_idle() noexcept {
  const std::uint32_t number = idle_.front();
  idle_.pop_front();
  HostRecord& host = hosts_[number];
  host.idle_linked = false;
  if (host.active > 0 || host.held) return;
  numbers_.erase(host.name);
  host = {};
  free_hosts_.push_back(number);
}

}  // namespace sluice::queueing
